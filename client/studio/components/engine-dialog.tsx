// Which model is loaded, which backend runs it, and why that one.
import { sizeText } from '../state/size-text.ts';
import type { StudioState } from '../state/studio.ts';
import { Modal } from './modal.tsx';
import { useSelected, useStudio } from './studio-context.ts';

const selectPress = (state: StudioState) => state.press;
const selectModel = (state: StudioState) => state.model;
const selectModels = (state: StudioState) => state.models;
const selectWanted = (state: StudioState) => state.wantedBackend;

const BACKENDS = [
  { value: 'auto', title: 'Automatic', words: 'WebGPU where this browser has it, else WebAssembly' },
  { value: 'webgpu', title: 'WebGPU', words: 'on the graphics processor' },
  { value: 'wasm', title: 'WebAssembly', words: 'on the processor; runs everywhere' },
] as const;

export function EngineDialog({ onClose }: { readonly onClose: () => void }) {
  const { actions } = useStudio();
  const press = useSelected(selectPress);
  const model = useSelected(selectModel);
  const models = useSelected(selectModels);
  const wanted = useSelected(selectWanted);
  return (
    <Modal title="Engine" kind="engine-dialog" onClose={onClose}>
      <p class="engine-words">
        {press.phase === 'ready' ? (
          <>
            Running on <strong>{press.backend === 'webgpu' ? 'WebGPU' : 'WebAssembly'}</strong>:{' '}
            {press.reason}
          </>
        ) : press.phase === 'loading' ? (
          <>Loading: {press.message}</>
        ) : press.phase === 'failed' ? (
          <>The model could not be loaded. Choose another, or another backend.</>
        ) : (
          <>Nothing is loaded yet. The first drawing loads the model.</>
        )}
      </p>
      <fieldset class="choices">
        <legend>Backend</legend>
        {BACKENDS.map(({ value, title, words }) => (
          <label key={value} class="choice">
            <input
              type="radio"
              name="backend"
              value={value}
              checked={wanted === value}
              onChange={() => actions.chooseBackend(value)}
            />
            <span>
              <strong>{title}</strong> <span class="choice-words">{words}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <fieldset class="choices">
        <legend>Model</legend>
        {models.map(({ name, origin, bytes }) => (
          <label key={name} class="choice">
            <input
              type="radio"
              name="model"
              value={name}
              checked={name === model}
              onChange={() => actions.chooseModel(name)}
            />
            <span>
              <strong>{name}</strong>{' '}
              <span class="choice-words">
                {origin === 'files' ? 'from your files' : `${sizeText(bytes)}, fetched once`}
              </span>
            </span>
          </label>
        ))}
        <p class="hint">
          A Stable Diffusion model of your own: add it under <a href="#models">Models</a>, or drop its{' '}
          <code>model.json</code>, checkpoint, vocabulary and merges together, on this page. Nothing is
          uploaded.
        </p>
      </fieldset>
      {crossOriginIsolated ? null : (
        <p class="hint">
          This page is not cross-origin isolated, so WebAssembly runs on one thread. The server should send{' '}
          <code>Cross-Origin-Opener-Policy: same-origin</code> and{' '}
          <code>Cross-Origin-Embedder-Policy: require-corp</code>.
        </p>
      )}
    </Modal>
  );
}
