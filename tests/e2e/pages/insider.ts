// A page whose sandbox has someone hostile inside: in the Worker, beside the plugin, or in the frame's document itself.

import { frameSandbox } from '../../../client/plugin-host/frame.ts';
import {
  FRAME_DOCUMENT,
  FRAME_POLICY,
  FRAME_SCRIPT,
  FRAME_SCRIPT_HASH,
} from '../../../client/plugin-host/frame-document.ts';
import type { Answer, Request } from '../../../plugins/host/messages.ts';

export type Outcomes = Readonly<Record<string, string>>;

/** What came to the page from frames, beside the insider's own report. */
const overheard: string[] = [];

/** Runs `attempts`, an expression that is a promise of outcomes, where the sandbox program would run. */
export async function fromWorker(attempts: string): Promise<Outcomes> {
  const program = `(port) => { port.onmessage = async () => port.postMessage(await ${attempts}) }`;
  const { promise, resolve, reject } = Promise.withResolvers<Outcomes>();
  const sandbox = await frameSandbox(program)({
    onAnswer: (answer: Answer) => resolve(answer as unknown as Outcomes),
    onDeath: reject,
  });
  sandbox.send({ kind: 'phase', id: 0, phase: 0 } satisfies Request, []);
  return promise.finally(() => sandbox.end());
}

/** A frame where this runs once its own script has run: the policy is the real one but for the script's hash. */
async function frameOf(insider: string): Promise<HTMLIFrameElement> {
  const script = `${FRAME_SCRIPT};${insider}`;
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(script));
  const policy = FRAME_POLICY.replace(FRAME_SCRIPT_HASH, `sha256-${new Uint8Array(digest).toBase64()}`);
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.srcdoc = FRAME_DOCUMENT.replace(FRAME_POLICY, policy).replace(FRAME_SCRIPT, script);
  return frame;
}

/** Runs `attempts` in the frame's document. */
export async function fromDocument(attempts: string): Promise<Outcomes> {
  const frame = await frameOf(`${attempts}.then((outcomes) => parent.postMessage({ outcomes }, '*'))`);
  const { promise, resolve } = Promise.withResolvers<Outcomes>();
  addEventListener('message', ({ source, data }) => {
    if (source !== frame.contentWindow) overheard.push(`from elsewhere: ${String(data)}`);
    else if (data?.outcomes !== undefined) resolve(data.outcomes);
    else overheard.push(String(data));
  });
  document.body.append(frame);
  return promise.finally(() => frame.remove());
}

/** Gives this page a policy for its frames, as the studio has one. */
export function forbidForeignFrames(): void {
  const meta = document.createElement('meta');
  meta.httpEquiv = 'Content-Security-Policy';
  meta.content = "frame-src 'self' blob:";
  document.head.append(meta);
}

/** Runs an attempt to leave, and lets it have some time: there is no answer from a document that is gone. */
export async function leaving(attempts: string): Promise<void> {
  const frame = await frameOf(attempts);
  document.body.append(frame);
  await new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
  await new Promise((resolve) => setTimeout(resolve, 500));
  frame.remove();
}

/** An inline script that is not the frame's: the real policy, another text. */
export async function otherScript(): Promise<string> {
  const frame = document.createElement('iframe');
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.srcdoc = FRAME_DOCUMENT.replace(FRAME_SCRIPT, "parent.postMessage('other script', '*')");
  const { promise, resolve } = Promise.withResolvers<string>();
  addEventListener('message', ({ source, data }) => {
    if (source === frame.contentWindow) resolve(String(data));
  });
  frame.onload = () => setTimeout(() => resolve('refused'), 200);
  document.body.append(frame);
  return promise.finally(() => frame.remove());
}

export function heard(): readonly string[] {
  return overheard;
}
