// Previews as a film strip; the slider below scrubs over the steps.
import { useEffect, useRef, useState } from 'preact/hooks';
import { BlobImage } from '../components/blob-image.tsx';
import type { PreviewRow } from './training-state.ts';

export function FilmStrip({ previews }: { readonly previews: readonly PreviewRow[] }) {
  /** Undefined follows the newest. */
  const [chosen, setChosen] = useState<number>();
  const strip = useRef<HTMLOListElement>(null);
  const last = previews.length - 1;
  const at = Math.min(chosen ?? last, last);
  const row = previews[at]!;
  const choose = (index: number) => setChosen(index === last ? undefined : index);
  useEffect(() => {
    const frame = strip.current?.children[at];
    // Only the strip scrolls, never the page.
    if (frame instanceof HTMLElement && strip.current !== null) {
      strip.current.scrollLeft = frame.offsetLeft - (strip.current.clientWidth - frame.clientWidth) / 2;
    }
  }, [at]);
  return (
    <section class="film" aria-label="Previews">
      <div class="film-shown">
        {row.files.map((file, index) => (
          <BlobImage key={index} blob={file} alt={`Step ${row.step}, picture ${index + 1}`} />
        ))}
      </div>
      <label class="film-scrubber">
        <span>
          Step <output>{row.step}</output>
        </span>
        <input
          type="range"
          min={0}
          max={Math.max(1, last)}
          step={1}
          value={at}
          disabled={last === 0}
          style={{ '--from': '0%', '--to': `${last === 0 ? 0 : (100 * at) / last}%` }}
          aria-label="Preview of step"
          aria-valuetext={`step ${row.step}`}
          onInput={(event) => choose(Number(event.currentTarget.value))}
        />
      </label>
      <ol class="film-strip" ref={strip}>
        {previews.map(({ step, files }, index) => (
          <li key={step}>
            <button
              type="button"
              class="film-frame"
              aria-current={index === at}
              aria-label={`Show step ${step}`}
              onClick={() => choose(index)}
            >
              <BlobImage blob={files[0]!} alt="" />
              <span>{step}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
