// The plugin host's home in a page: one sandboxed frame for each plugin, with a Worker inside. Origin null, nothing allowed.
import { PluginError } from '../../plugins/contract/plugin-error.ts';
import type { Answer } from '../../plugins/host/messages.ts';
import type { PluginHost } from '../../plugins/host/plugin.ts';
import type { OpenSandbox } from '../../plugins/host/sandbox.ts';
import { sandboxProgram } from '../../plugins/host/sandbox-program.ts';
import { sandboxedHost } from '../../plugins/host/sandboxed-host.ts';
import { FRAME_DOCUMENT } from './frame-document.ts';

/** Milliseconds after which an ended frame leaves the page: its `terminate()` has run by then. */
const REMOVAL_DELAY_MS = 100;

/**
 * A host for pages. Throws `plugin/closed` where there is no document, as in a Worker: use `remotePluginHost` there.
 * A page with a Content-Security-Policy of its own must allow what the frame inherits; see `FRAME_POLICY`.
 */
export function createFrameHost(): PluginHost {
  if (typeof document === 'undefined') {
    throw new PluginError('closed', 'there is no page to open a frame in', {
      fix: 'Use remotePluginHost in a Worker.',
    });
  }
  return sandboxedHost(frameSandbox(sandboxProgram()));
}

/** Opens frames with a Worker that runs `program`, the text of a function of a MessagePort. */
export function frameSandbox(program: string): OpenSandbox {
  return async ({ onAnswer, onDeath }) => {
    const frame = document.createElement('iframe');
    frame.setAttribute('sandbox', 'allow-scripts');
    frame.setAttribute('aria-hidden', 'true');
    frame.tabIndex = -1;
    frame.title = 'plugin sandbox';
    frame.style.display = 'none';
    frame.srcdoc = FRAME_DOCUMENT;
    const loaded = new Promise<void>((resolve) =>
      frame.addEventListener('load', () => resolve(), { once: true }),
    );
    document.documentElement.append(frame);
    await loaded;
    const inside = frame.contentWindow;
    if (inside === null) throw new PluginError('closed', 'the frame left the page while it loaded');

    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (event: MessageEvent<Answer>) => onAnswer(event.data);
    const fromFrame = (event: MessageEvent): void => {
      if (event.source === inside) onDeath(String(event.data));
    };
    addEventListener('message', fromFrame);
    // The frame's origin is opaque and has no name to address; the port goes to this window alone.
    inside.postMessage(program, '*', [port2]);
    return {
      send: (request, transfer) => port1.postMessage(request, transfer),
      end() {
        port1.close();
        removeEventListener('message', fromFrame);
        inside.postMessage('end', '*');
        setTimeout(() => frame.remove(), REMOVAL_DELAY_MS);
      },
    };
  };
}
