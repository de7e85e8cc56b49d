// The training set: where pictures are dropped, and each of them with its words.
import { useRef } from 'preact/hooks';
import { BlobImage } from '../components/blob-image.tsx';
import { Icon } from '../components/icon.tsx';
import { inputPicks } from '../state/picks.ts';
import { MAX_BROUGHT, type SetPicture } from './bring-pictures.ts';
import { SureButton } from './sure-button.tsx';
import { useTrain, useTraining } from './training-context.ts';
import type { TrainingPageState } from './training-state.ts';

const selectPictures = (state: TrainingPageState) => state.pictures;
const selectReading = (state: TrainingPageState) => state.reading;
const selectBusy = (state: TrainingPageState) => state.run !== undefined;
const selectOpened = (state: TrainingPageState) => state.opened;

export interface PictureSetProps {
  /** The pictures are in use by other than a training. */
  readonly fixed?: boolean;
}

export function PictureSet({ fixed = false }: PictureSetProps) {
  const { actions } = useTraining();
  const pictures = useTrain(selectPictures);
  const reading = useTrain(selectReading);
  const busy = useTrain(selectBusy) || fixed;
  const opened = useTrain(selectOpened);
  return (
    <section class="train-pictures" aria-labelledby="pictures-title">
      <header class="panel-head">
        <h3 id="pictures-title">
          Pictures {pictures.length > 0 ? <span class="count">{pictures.length}</span> : null}
        </h3>
        {pictures.length === 0 || busy ? null : (
          <SureButton
            words="Remove all"
            question="Remove pictures and what was learnt?"
            onSure={() => void actions.clear()}
          />
        )}
      </header>
      {busy ? null : <Bring empty={pictures.length === 0} />}
      {reading === undefined ? null : (
        <p role="status" class="hint">
          Looking at {reading.total} files …{' '}
          <progress max={Math.max(1, reading.total)} value={reading.done} aria-label="Looking at the files" />
        </p>
      )}
      <ul class="picture-grid" aria-label="Pictures with their words" aria-busy={!opened}>
        {pictures.map((picture) => (
          <PictureCard key={picture.id} picture={picture} fixed={busy} />
        ))}
      </ul>
    </section>
  );
}

function Bring({ empty }: { readonly empty: boolean }) {
  const { actions } = useTraining();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const bring = ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
    const picks = inputPicks(currentTarget.files, MAX_BROUGHT);
    currentTarget.value = '';
    void actions.bring(picks);
  };
  return (
    <div class={empty ? 'train-drop train-drop-empty' : 'train-drop'}>
      {empty ? (
        <p class="train-invitation">
          Drop pictures here: five to fifty of one manner, or of one thing.
          <span class="hint">
            PNG, JPEG or WebP, from 64 pixels a side. Words come from a .txt file beside a picture, else from
            its name; you can type them here too.
          </span>
        </p>
      ) : null}
      <p class="bring-buttons">
        <button type="button" class="quiet framed" onClick={() => files.current?.click()}>
          <Icon name="add" /> Pictures …
        </button>
        <button type="button" class="quiet framed" onClick={() => folder.current?.click()}>
          <Icon name="open" /> A folder …
        </button>
      </p>
      <input
        ref={files}
        class="sr"
        type="file"
        multiple
        tabIndex={-1}
        accept=".png,.jpg,.jpeg,.webp,.gif,.txt,.safetensors"
        aria-label="Pictures to train on"
        onChange={bring}
      />
      <input
        ref={folder}
        class="sr"
        type="file"
        tabIndex={-1}
        aria-label="Folder of pictures to train on"
        {...{ webkitdirectory: true }}
        onChange={bring}
      />
    </div>
  );
}

function PictureCard({ picture, fixed }: { readonly picture: SetPicture; readonly fixed: boolean }) {
  const { actions } = useTraining();
  const { id, name, caption, width, height, file } = picture;
  return (
    <li class="picture-card">
      <div class="picture-frame" title={`${name}, ${width} × ${height}`}>
        <BlobImage blob={file} alt={name} />
        {fixed ? null : (
          <button
            type="button"
            class="tool small"
            title="Take it away"
            onClick={() => void actions.removePicture(id)}
          >
            <Icon name="close" />
            <span class="sr">Take {name} away</span>
          </button>
        )}
      </div>
      <textarea
        rows={2}
        class="picture-words"
        value={caption}
        readOnly={fixed}
        aria-label={`Words for ${name}`}
        placeholder="words for it"
        onInput={(event) => actions.caption(id, event.currentTarget.value)}
      />
    </li>
  );
}
