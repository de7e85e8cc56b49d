// A picture that was brought and carries its parameters: what to do with it.
import type { StudioState } from '../state/studio.ts';
import { Icon } from './icon.tsx';
import { useSelected, useStudio } from './studio-context.ts';

const selectOffered = (state: StudioState) => state.offered;

export function PictureOffer() {
  const { store, actions } = useStudio();
  const offered = useSelected(selectOffered);
  if (offered === undefined) return null;
  const { file } = offered;
  return (
    <section class="notice offer" aria-label={`The picture ${file.name}`}>
      <p>
        <strong>{file.name}</strong> tells how it was drawn.
      </p>
      <button
        type="button"
        class="tool small"
        title="Neither"
        onClick={() => store.dispatch({ kind: 'offer', offered: undefined })}
      >
        <Icon name="close" />
        <span class="sr">Neither</span>
      </button>
      <p class="offer-buttons">
        <button type="button" class="quiet framed" onClick={() => actions.restoreOffered()}>
          <Icon name="reuse" /> Restore its settings
        </button>
        <button type="button" class="quiet framed" onClick={() => void actions.beginOn(file)}>
          <Icon name="brush" /> Draw on this picture
        </button>
      </p>
    </section>
  );
}
