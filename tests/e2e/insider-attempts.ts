// What someone tries who runs JavaScript inside the sandbox, as text: nothing that a plugin can do, and it must not get them anywhere.

/** Bodies of async functions that see `url`, an address that answers every request of anyone. Each must throw. */
const ANYWHERE: Readonly<Record<string, string>> = {
  fetch: 'return (await fetch(url)).status',
  'fetch without CORS': "return (await fetch(url, { mode: 'no-cors' })).type",
  XMLHttpRequest: `return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.onload = () => resolve(request.status);
    request.onerror = () => reject(new Error('refused'));
    request.open('GET', url);
    request.send();
  })`,
  WebSocket: `return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace('http', 'ws'));
    socket.onopen = () => resolve('open');
    socket.onerror = () => reject(new Error('refused'));
  })`,
  EventSource: `return new Promise((resolve, reject) => {
    const source = new EventSource(url);
    source.onopen = () => resolve('open');
    source.onerror = () => reject(new Error('refused'));
  })`,
  WebTransport: "await new WebTransport(url.replace('http:', 'https:')).ready",
  IndexedDB: `return new Promise((resolve, reject) => {
    const request = indexedDB.open('x');
    request.onsuccess = () => resolve('open');
    request.onerror = () => reject(request.error);
  })`,
  caches: "await caches.open('x')",
  'private files': 'await navigator.storage.getDirectory()',
  eval: "return (0, eval)('1')",
  'new Function': "return new Function('return 1')()",
  'a timer of text': `globalThis.ran = false;
    setTimeout('ran = true');
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (!ran) throw new EvalError('refused');`,
  'import from the network': 'return await import(url)',
  'import of data': "return await import('data:text/javascript,export default 1')",
  'import of a blob': `return await import(URL.createObjectURL(new Blob(['export default 1'], { type: 'text/javascript' })))`,
  'a Worker from the network': `return new Promise((resolve, reject) => {
    const worker = new Worker(url);
    worker.onmessage = () => resolve('runs');
    worker.onerror = () => reject(new Error('refused'));
  })`,
  'a Worker of its own that calls home': `return new Promise((resolve, reject) => {
    const text = 'fetch(' + JSON.stringify(url) + ').then(() => postMessage(1), () => postMessage(0))';
    const worker = new Worker(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })));
    worker.onmessage = ({ data }) => (data === 1 ? resolve('called home') : reject(new Error('refused')));
    worker.onerror = () => reject(new Error('refused'));
  })`,
};

export const WORKER_ATTEMPTS: Readonly<Record<string, string>> = {
  ...ANYWHERE,
  localStorage: 'return localStorage.length',
  'importScripts from the network': 'importScripts(url)',
  'importScripts of data': "importScripts('data:text/javascript,0')",
  'importScripts of a blob':
    "importScripts(URL.createObjectURL(new Blob(['0'], { type: 'text/javascript' })))",
  'the page': 'return parent.document.title',
  'a word to the frame':
    "await new Promise((resolve, reject) => { postMessage(url); reject(new Error('unheard')) })",
};

export const DOCUMENT_ATTEMPTS: Readonly<Record<string, string>> = {
  ...ANYWHERE,
  localStorage: 'return localStorage.length',
  sessionStorage: 'return sessionStorage.length',
  cookies: 'return document.cookie',
  'the page’s document': 'return parent.document.title',
  'the page’s address': 'return String(parent.location.href)',
  'leaving with the page': 'top.location.href = url',
  'a window': "const opened = open(url); if (opened === null) throw new Error('refused'); return 'opened'",
  'a link in a new window': `const link = document.createElement('a');
    Object.assign(link, { href: url, target: '_blank' });
    document.documentElement.append(link);
    link.click();
    throw new Error('unseen')`,
  'a beacon':
    "if (!navigator.sendBeacon(url)) throw new Error('refused'); await new Promise((r) => setTimeout(r, 200)); throw new Error('unseen')",
  'a picture': `return new Promise((resolve, reject) => {
    const picture = new Image();
    picture.onload = () => resolve('loaded');
    picture.onerror = () => reject(new Error('refused'));
    picture.src = url;
  })`,
  'a script': `return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.onload = () => resolve('loaded');
    script.onerror = () => reject(new Error('refused'));
    script.src = url;
    document.documentElement.append(script);
  })`,
  'an inline script': `globalThis.inlined = false;
    const script = document.createElement('script');
    script.textContent = 'inlined = true';
    document.documentElement.append(script);
    if (!inlined) throw new Error('refused');`,
  'a handler of text': `globalThis.handled = false;
    const part = document.createElement('div');
    part.setAttribute('onclick', 'handled = true');
    part.click();
    if (!handled) throw new Error('refused');`,
  'a style': `const style = document.createElement('style');
    style.textContent = ':root { --x: 1 }';
    document.documentElement.append(style);
    if (getComputedStyle(document.documentElement).getPropertyValue('--x') === '') throw new Error('refused');`,
  'a style sheet': `return new Promise((resolve, reject) => {
    const link = document.createElement('link');
    Object.assign(link, { rel: 'stylesheet', href: url });
    link.onload = () => resolve('loaded');
    link.onerror = () => reject(new Error('refused'));
    document.documentElement.append(link);
  })`,
  'a frame in the frame': `const frame = document.createElement('iframe');
    frame.src = url;
    document.documentElement.append(frame);
    await new Promise((resolve) => { frame.onload = resolve; setTimeout(resolve, 500); });
    throw new Error('unseen')`,
  'a frame in the frame with a script': `return new Promise((resolve, reject) => {
    const frame = document.createElement('iframe');
    frame.srcdoc = '<script>parent.postMessage(1, "*")</' + 'script>';
    addEventListener('message', () => resolve('runs'));
    frame.onload = () => setTimeout(() => reject(new Error('refused')), 200);
    document.documentElement.append(frame);
  })`,
  'a form': `const form = document.createElement('form');
    Object.assign(form, { action: url, method: 'post' });
    document.documentElement.append(form);
    form.submit();
    await new Promise((resolve) => setTimeout(resolve, 200));
    throw new Error('unseen')`,
  'another base': `const base = document.createElement('base');
    base.href = url;
    document.head.append(base);
    if (document.baseURI !== url) throw new Error('refused');`,
  // Asks an address for the machine's own: a packet of UDP that no rule for requests sees.
  'a WebRTC connection': `const { RTCPeerConnection } = globalThis;
    const connection = new RTCPeerConnection({ iceServers: [{ urls: 'stun:' + new URL(url).host }] });
    connection.createDataChannel('x');
    await connection.setLocalDescription();
    await new Promise((resolve) => {
      connection.onicegatheringstatechange = () => connection.iceGatheringState === 'complete' && resolve();
      setTimeout(resolve, 1000);
    });
    connection.close();
    throw new Error('unseen')`,
  'WebRTC of another realm': `const frame = document.createElement('iframe');
    document.documentElement.append(frame);
    return new frame.contentWindow.RTCPeerConnection()`,
  'a load ahead of time': `for (const rel of ['prefetch', 'preload', 'modulepreload', 'preconnect', 'prerender']) {
      const link = document.createElement('link');
      Object.assign(link, { rel, href: url, as: 'fetch' });
      document.documentElement.append(link);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    throw new Error('unseen')`,
  'a service worker': 'return await navigator.serviceWorker.register(url)',
};

/** Ways to take the frame itself elsewhere. Its own policy cannot forbid that; the page's `frame-src` does. */
export const NAVIGATION_ATTEMPTS: Readonly<Record<string, string>> = {
  'another address': 'location.href = url',
  // A download from elsewhere is a navigation.
  'a download': `const link = document.createElement('a');
    Object.assign(link, { href: url, download: 'x' });
    document.documentElement.append(link);
    link.click();`,
  'a refresh': `const meta = document.createElement('meta');
    meta.httpEquiv = 'refresh';
    meta.content = '0; url=' + url;
    document.head.append(meta);`,
};

/** An expression that is a promise of what became of each attempt: the error's name, or what it got. */
export function attemptsText(attempts: Readonly<Record<string, string>>, url: string): string {
  const functions = Object.entries(attempts).map(
    ([name, body]) => `${JSON.stringify(name)}: async () => { ${body} }`,
  );
  return `(async (url) => {
    const outcomes = {};
    for (const [name, attempt] of Object.entries({ ${functions.join(',\n')} })) {
      const late = new Promise((_, reject) => setTimeout(() => reject(new Error('no answer')), 3000));
      outcomes[name] = await Promise.race([attempt(), late]).then(
        (got) => 'LET IN: ' + String(got),
        (error) => (error.name === 'Error' ? error.message : error.name),
      );
    }
    return outcomes;
  })(${JSON.stringify(url)})`;
}
