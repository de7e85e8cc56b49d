// How a style looks on its card: its preview from the registry, or its engraver's hatching.
import { useEffect, useState } from 'preact/hooks';
import type { ShelfStyle } from '../state/styles.ts';
import { hatchOf } from '../state/styles.ts';
import { useStudio } from './studio-context.ts';

export function StyleMark({ style }: { readonly style: ShelfStyle }) {
  const { tincture } = useStudio();
  const [address, setAddress] = useState<string>();
  const { preview } = style;
  useEffect(() => {
    if (preview === undefined) return;
    let gone = false;
    let made: string | undefined;
    // A card without its preview is still a card: offline, before the preview was ever fetched, the hatching stays.
    const picture = preview instanceof Blob ? Promise.resolve(preview) : tincture.blob(preview);
    picture.then(
      (blob) => {
        if (gone) return;
        made = URL.createObjectURL(blob);
        setAddress(made);
      },
      () => setAddress(undefined),
    );
    return () => {
      gone = true;
      if (made !== undefined) URL.revokeObjectURL(made);
    };
    // The registry's answers bring the same reference anew with each search.
  }, [preview instanceof Blob ? preview : preview?.sha256, tincture]);
  return (
    <span class={`style-mark hatch-${hatchOf(style.name)}`} aria-hidden="true">
      {address === undefined ? null : <img src={address} alt="" loading="lazy" />}
    </span>
  );
}
