// The models' page: checkpoints of the user's own, the site's, and what each of them is.
import { useRef, useState } from 'preact/hooks';
import { type OwnModel, TOKENIZER_ADVICE } from '../index.ts';
import { FailurePanel, Notices } from './components/failure-panel.tsx';
import { Icon } from './components/icon.tsx';
import { usePart, useSelected, useStudio } from './components/studio-context.ts';
import type { ModelShelfState } from './state/model-shelf.ts';
import { chooseFiles, droppedPicks, inputPicks, remembersFiles } from './state/picks.ts';
import { sizeText } from './state/size-text.ts';
import type { ModelChoice, StudioState } from './state/studio.ts';

const selectModel = (state: StudioState) => state.model;
const selectModels = (state: StudioState) => state.models;
const all = (state: ModelShelfState) => state;

const PARTS = { unet: 'UNet', text: 'text encoder', vae: 'VAE' } as const;
const PLACES = { disk: 'read from your own file', copy: 'copied into this browser' } as const;

export function ModelsPage() {
  const { actions, shelf } = useStudio();
  const { own, adding, tokenizers, room, waiting } = usePart(shelf.store, all);
  const chosen = useSelected(selectModel);
  const models = useSelected(selectModels);
  const others = models.filter(({ name }) => !own.some((model) => model.name === name));
  return (
    <main class="models-page" id="models">
      <h2>Models</h2>
      <FailurePanel />
      <Notices />
      <BringModel />
      {adding === undefined ? null : (
        <section class="adding" aria-label="Adding">
          <p>
            Reading <strong>{adding.name}</strong>: {sizeText(adding.done)} of {sizeText(adding.total)}
          </p>
          <progress
            max={Math.max(adding.total, 1)}
            value={adding.done}
            aria-label={`Adding ${adding.name}`}
          />
          <button type="button" class="quiet" onClick={() => shelf.cancel()}>
            <Icon name="close" /> Stop
          </button>
        </section>
      )}
      {waiting.length > 0 ? (
        <p class="hint">Your model waits: bring vocab.json and merges.txt, and it is added.</p>
      ) : null}
      <ul class="model-list" aria-label="Your models">
        {own.map((model) => (
          <OwnCard
            key={model.name}
            model={model}
            chosen={model.name === chosen}
            onUse={() => actions.chooseModel(model.name)}
            onRemove={() => void actions.attempt(`Removing ${model.name}`, () => shelf.remove(model.name))}
          />
        ))}
        {others.map((model) => (
          <OtherCard
            key={model.name}
            model={model}
            chosen={model.name === chosen}
            onUse={() => actions.chooseModel(model.name)}
          />
        ))}
      </ul>
      <p class="hint">
        {tokenizers.length === 0
          ? `A model needs its tokenizer. ${TOKENIZER_ADVICE} Bring both files here once; they are remembered.`
          : `Tokenizers remembered: ${tokenizers.map((count) => `${count.toLocaleString('en')} tokens`).join(', ')}.`}
      </p>
      {room === undefined ? null : (
        <p class="hint">
          This site keeps {sizeText(room.used)} in this browser; {sizeText(room.free)} are left.
        </p>
      )}
    </main>
  );
}

/** Where files are dropped, and the two ways to choose them. */
function BringModel() {
  const { actions, shelf } = useStudio();
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const [held, setHeld] = useState(false);
  const bringInput = ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
    const picks = inputPicks(currentTarget.files);
    currentTarget.value = '';
    void shelf.bring(picks);
  };
  const choose = () => {
    if (!remembersFiles()) files.current?.click();
    else void actions.attempt('Choosing files', async () => shelf.bring(await chooseFiles()));
  };
  return (
    <section
      class={`bring-model ${held ? 'held' : ''}`}
      aria-label="Add a model"
      onDragOver={(event) => {
        event.preventDefault();
        setHeld(true);
      }}
      onDragLeave={() => setHeld(false)}
      onDrop={(event) => {
        event.preventDefault();
        setHeld(false);
        const { dataTransfer } = event;
        if (dataTransfer === null) return;
        void actions.attempt('Reading the dropped files', async () =>
          shelf.bring(await droppedPicks(dataTransfer)),
        );
      }}
    >
      <p>
        Drop a Stable Diffusion 1.x or 2.x checkpoint here (.safetensors or .ckpt, with a separate VAE and a
        small preview decoder such as TAESD’s if there are), a diffusers folder, or a tokenizer. What a file
        is, its tensors tell; nothing is uploaded.
      </p>
      <p class="bring-buttons">
        <button type="button" class="quiet" onClick={choose}>
          Choose files …
        </button>
        <button type="button" class="quiet" onClick={() => folder.current?.click()}>
          Choose a folder …
        </button>
      </p>
      <p class="hint">
        {remembersFiles()
          ? 'Chosen files stay where they are and are read from there; a folder that is chosen by the button is copied.'
          : 'This browser cannot remember where files lie, so they are copied into its storage.'}
      </p>
      <input
        ref={files}
        class="sr"
        type="file"
        multiple
        tabIndex={-1}
        aria-label="Model files"
        onChange={bringInput}
      />
      <input
        ref={folder}
        class="sr"
        type="file"
        tabIndex={-1}
        aria-label="Model folder"
        {...{ webkitdirectory: true }}
        onChange={bringInput}
      />
    </section>
  );
}

interface CardProps {
  readonly chosen: boolean;
  readonly onUse: () => void;
}

function OwnCard({ model, chosen, onUse, onRemove }: CardProps & { model: OwnModel; onRemove: () => void }) {
  const { name, description, bytes, place } = model;
  return (
    <li class="model-card">
      <div>
        <h3>{name}</h3>
        <p>
          {description.family}, {millions(description.parameters)} parameters, {sizeText(bytes)};{' '}
          {PLACES[place]}
        </p>
        <p class="hint">
          {description.parts
            .map(
              ({ part, parameters, dtypes }) => `${PARTS[part]} ${millions(parameters)} ${dtypes[0] ?? ''}`,
            )
            .join(' · ')}
        </p>
      </div>
      <UseButton name={name} chosen={chosen} onUse={onUse} />
      <button type="button" class="tool small" title="Remove" onClick={onRemove}>
        <Icon name="bin" />
        <span class="sr">{`Remove ${name}`}</span>
      </button>
    </li>
  );
}

function OtherCard({ model, chosen, onUse }: CardProps & { model: ModelChoice }) {
  return (
    <li class="model-card">
      <div>
        <h3>{model.name}</h3>
        <p>
          {model.origin === 'files'
            ? 'from your files, for this visit'
            : `of this site, ${sizeText(model.bytes)}, fetched once`}
        </p>
      </div>
      <UseButton name={model.name} chosen={chosen} onUse={onUse} />
    </li>
  );
}

function UseButton({ name, chosen, onUse }: CardProps & { name: string }) {
  return (
    <button type="button" class="quiet" aria-pressed={chosen} onClick={chosen ? undefined : onUse}>
      {chosen ? 'In use' : 'Use'}
      <span class="sr">{` ${name}`}</span>
    </button>
  );
}

function millions(parameters: number): string {
  return `${(parameters / 1e6).toFixed(parameters < 1e7 ? 1 : 0)} M`;
}
