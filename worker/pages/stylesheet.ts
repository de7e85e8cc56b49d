// The pages' style sheet, in the studio's look: its paper, ink and tinctures, and its hatchings. It and the icon are served under
// names that carry their digests, and kept for ever.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** As in the studio's tokens.css; a test holds them equal. */
export const TOKENS = {
  '--bench': 'light-dark(#e9e3d5, #12151c)',
  '--paper': 'light-dark(#fbf8f1, #1a1e28)',
  '--well': 'light-dark(#f2ecdf, #151922)',
  '--ink': 'light-dark(#1d2433, #ece6d8)',
  '--ink-soft': 'light-dark(#565b68, #aaa698)',
  '--rule': 'light-dark(#cdc3ae, #353b4b)',
  '--edge': 'light-dark(#8d8470, #6d7386)',
  '--shadow': 'light-dark(#1d243326, #00000080)',
  '--azure': 'light-dark(#24508f, #85abe8)',
  '--gules': 'light-dark(#a1302a, #e8796a)',
  '--vert': 'light-dark(#276045, #7dbb98)',
  '--purpure': 'light-dark(#683777, #c49ad3)',
  '--sable': 'light-dark(#2c2a28, #cfcabd)',
  '--or': 'light-dark(#7d5a06, #dfb75a)',
  '--gap': 'clamp(0.75rem, 1.6vw, 1.5rem)',
  '--radius': '2px',
} as const;

const CSS = `:root{color-scheme:light dark;${Object.entries(TOKENS)
  .map(([name, value]) => `${name}:${value};`)
  .join('')}
--serif:"Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua","Liberation Serif",Georgia,serif;
--mono:ui-monospace,"Cascadia Mono","SF Mono",Menlo,"Liberation Mono",monospace}
*,*::before,*::after{box-sizing:border-box}
html{background:var(--bench);color:var(--ink);font:16px/1.45 var(--serif);-webkit-text-size-adjust:100%}
body{margin:0;min-height:100dvh;overflow-wrap:anywhere}
h1,h2,h3,p,ul,ol,dl,dd,pre,figure{margin:0;padding:0}
ul,ol{list-style:none}
h2{line-height:2.25rem;font-size:.8rem;font-weight:600;letter-spacing:.14em;text-transform:uppercase}
h3{font-size:1rem;font-weight:600;line-height:1.2}
a{color:inherit;text-decoration-color:var(--edge);text-underline-offset:.18em}
a:hover{text-decoration-color:currentColor}
:focus-visible{outline:2px solid var(--azure);outline-offset:2px}
code,pre{font-family:var(--mono);font-size:.84em}
pre{overflow-x:auto;padding:.7rem .8rem;background:var(--well);border:1px solid var(--rule);overflow-wrap:normal;tab-size:2}
.masthead{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem 1rem;padding:.6rem var(--gap);border-bottom:1px solid var(--ink);box-shadow:0 3px 0 -1px var(--bench),0 3px 0 0 var(--ink)}
.brand{display:flex;align-items:center;gap:.5rem;font-size:1.5rem;font-weight:500;text-decoration:none}
.seal{width:1.35rem;height:1.6rem}.seal-field{fill:var(--paper)}.seal-lines{fill:none;stroke:var(--gules);stroke-width:1.6}.seal-edge{fill:none;stroke:var(--ink);stroke-width:2}
.views{display:flex;gap:.15rem}
.views a{display:inline-flex;align-items:center;min-height:2.25rem;padding:0 .6rem;color:var(--ink-soft);text-decoration:none}
.views a:hover{color:var(--ink)}
.views a[aria-current=page]{color:var(--ink);box-shadow:inset 0 -2px 0 var(--gules)}
.skip{position:absolute;left:-100vw}.skip:focus{left:var(--gap);z-index:3;padding:.3rem .6rem;background:var(--paper)}
main{display:grid;gap:calc(1.4*var(--gap));width:100%;max-width:76rem;margin:0 auto;padding:calc(1.4*var(--gap)) var(--gap) 4rem}
main>*{min-width:0}
footer{padding:1rem var(--gap) 2rem;border-top:1px solid var(--rule);color:var(--ink-soft);font-size:.86rem;font-style:italic;text-align:center}
.soft{color:var(--ink-soft)}.small{font-size:.86rem}
.search{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:.5rem}
input,select,button{font:inherit;color:inherit}
input,select{width:100%;min-width:0;min-height:2.5rem;padding:.4rem .6rem;background:var(--paper);border:1px solid var(--edge);border-radius:var(--radius)}
.search input[type=search]{font-size:1.18rem;min-height:3rem}
button,.action{display:inline-flex;align-items:center;justify-content:center;min-height:3rem;padding:.3rem 1.4rem;background:var(--ink);border:1px solid var(--ink);border-radius:var(--radius);color:var(--paper);font-size:1.1rem;letter-spacing:.03em;text-decoration:none;cursor:pointer}
.filters{grid-column:1/-1;display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.6rem}
.filters span{color:var(--ink-soft);font-size:.86rem;font-style:italic}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:var(--gap)}
.card{position:relative;display:grid;align-content:start;gap:.45rem;height:100%;padding:.6rem;background:var(--paper);border:1px solid var(--rule);border-top:4px solid var(--tincture)}
.card:hover{border-color:var(--ink);border-top-color:var(--tincture);box-shadow:0 8px 18px -8px var(--shadow)}
.card a{text-decoration:none}.card a::after{content:"";position:absolute;inset:0}
.card p{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden}
.facts-line{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 .6rem;color:var(--ink-soft);font-size:.82rem}
.mark{display:block;width:100%;aspect-ratio:1;overflow:hidden;background:var(--hatch),var(--paper);border:1px solid var(--tincture)}
.mark img{display:block;width:100%;height:100%;object-fit:cover;object-position:right}
.more{justify-self:center}
.quiet{display:inline-flex;align-items:center;min-height:2.5rem;padding:.3rem 1rem;border:1px solid var(--edge);border-radius:1.3rem;background:var(--paper);text-decoration:none}
.sheet{display:grid;gap:1rem;padding:clamp(1rem,3vw,2.2rem);background:var(--paper);border:1px solid var(--rule);border-top:6px solid var(--tincture);box-shadow:0 10px 30px -18px var(--shadow)}
.sheet h1{font-size:clamp(1.7rem,4vw,2.5rem);font-weight:500;line-height:1.1}
.previews{display:grid;gap:.8rem}
.previews img{display:block;width:100%;height:auto;border:1px solid var(--tincture);background:var(--hatch),var(--paper)}
.previews.several{grid-template-columns:repeat(auto-fill,minmax(14rem,1fr))}
.description{max-width:46rem;font-size:1.08rem;white-space:pre-line}
.tags{display:flex;flex-wrap:wrap;gap:.4rem}
.tags a{padding:.1rem .7rem;border:1px solid var(--edge);border-radius:1rem;font-size:.88rem;text-decoration:none}
.tags a:hover{border-color:var(--ink)}
.columns{display:grid;gap:calc(1.4*var(--gap))}
.columns>*{min-width:0}
.stack{display:grid;gap:1rem;align-content:start}.stack>*{min-width:0}
.facts{display:grid;grid-template-columns:minmax(6.5rem,auto) minmax(0,1fr);gap:.35rem 1rem;border-top:1px solid var(--rule);padding-top:.8rem}
.facts dt{color:var(--ink-soft);font-style:italic;font-size:.92rem}
.versions li{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 1rem;padding:.35rem 0;border-bottom:1px solid var(--rule)}
.ways{display:grid;gap:1.2rem}.ways section{display:grid;gap:.5rem;min-width:0}
.warning{padding:.7rem .9rem;background:var(--paper);border:1px solid var(--gules);border-left-width:6px}
.empty{padding:2.5rem 1rem;text-align:center;color:var(--ink-soft);font-style:italic}
@media (width>=56rem){.columns{grid-template-columns:minmax(0,1.5fr) minmax(18rem,1fr)}}
@media (width<40rem){.cards{grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr))}.masthead{row-gap:0}.search button{padding-inline:.9rem}}
.ink-0{--tincture:var(--azure);--hatch:repeating-linear-gradient(0deg,var(--tincture) 0 1.25px,transparent 1.25px 4px)}
.ink-1{--tincture:var(--gules);--hatch:repeating-linear-gradient(90deg,var(--tincture) 0 1.25px,transparent 1.25px 4px)}
.ink-2{--tincture:var(--vert);--hatch:repeating-linear-gradient(45deg,var(--tincture) 0 1.25px,transparent 1.25px 4px)}
.ink-3{--tincture:var(--purpure);--hatch:repeating-linear-gradient(-45deg,var(--tincture) 0 1.25px,transparent 1.25px 4px)}
.ink-4{--tincture:var(--sable);--hatch:repeating-linear-gradient(0deg,var(--tincture) 0 1px,transparent 1px 4px),repeating-linear-gradient(90deg,var(--tincture) 0 1px,transparent 1px 4px)}
.ink-5{--tincture:var(--or);--hatch:radial-gradient(circle,var(--tincture) 0 1.1px,transparent 1.3px) 0 0/5px 5px}
`;

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 28"><title>Tincture</title><path fill="#fbf8f1" d="M2 2h20v12c0 6-4.5 10-10 12.5C6.5 24 2 20 2 14z"/><path fill="none" stroke="#a8322a" stroke-width="1.6" d="M6 2v20.500M10 2v23.500M14 2v23.500M18 2v20.500"/><path fill="none" stroke="#1d2433" stroke-width="2" d="M2 2h20v12c0 6-4.500 10-10 12.500C6.500 24 2 20 2 14z"/></svg>';

export interface PageFile {
  /** From the root. */
  readonly path: string;
  readonly type: string;
  readonly text: string;
}

function fileOf(stem: string, extension: string, type: string, text: string): PageFile {
  const digest = bytesToHex(sha256(utf8ToBytes(text)).subarray(0, 8));
  return { path: `/pages/${stem}-${digest}.${extension}`, type, text };
}

export const STYLESHEET = fileOf('pages', 'css', 'text/css; charset=utf-8', CSS);
export const SEAL = fileOf('seal', 'svg', 'image/svg+xml', ICON);
/** All that pages load from here, beside previews. */
export const PAGE_FILES: readonly PageFile[] = [STYLESHEET, SEAL];
