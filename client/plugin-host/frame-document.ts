// The document of a plugin's frame: a policy that allows one script and one Worker, and that script.

/**
 * Takes WebRTC out of the document, which no policy of today's browsers forbids; other realms are of other origins there. Then it
 * receives the sandbox program with a port, starts it in a Worker and ends it on request. Its hash stands below, so a change here
 * changes both; a test compares them.
 */
export const FRAME_SCRIPT =
  'delete self.RTCPeerConnection;delete self.webkitRTCPeerConnection;' +
  "let w;addEventListener('message',e=>{if(e.source!==parent)return;if(e.ports.length===0){w?.terminate();return}" +
  "w=new Worker(URL.createObjectURL(new Blob(['onmessage=e=>{onmessage=null;('+e.data+')(e.ports[0])}'],{type:'text/javascript'})));" +
  "w.onerror=e=>parent.postMessage(e.message||'the Worker failed','*');w.postMessage(0,e.ports)})";

/** SHA-256 of the script as a Content-Security-Policy writes it. */
export const FRAME_SCRIPT_HASH = 'sha256-EFvEAKnl3dPkxlaS12nvBUUZ8+wmS2MeQtI+QAlzFXY=';

/**
 * The frame's policy: no network, no styles, no other script, no strings as code; WebAssembly may compile. The Worker inherits it.
 * The Worker's own text is not held against a hash, because no browser does so for Workers; `worker-src blob:` allows blobs that this
 * frame made, and the one script that may run here makes a single one, of the text that its parent sent.
 * No policy keeps a document from navigating itself elsewhere; a page that wants to forbid that too sets `frame-src`. Nor does any
 * keep the browser from connecting to an address whose frame it then refuses.
 * A frame made from `srcdoc` also inherits its page's policy, so a page that has one must allow these sources in `script-src` and
 * `worker-src`.
 */
export const FRAME_POLICY = [
  "default-src 'none'",
  `script-src '${FRAME_SCRIPT_HASH}' 'wasm-unsafe-eval'`,
  'worker-src blob:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export const FRAME_DOCUMENT = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${FRAME_POLICY}"><script>${FRAME_SCRIPT}</script>`;
