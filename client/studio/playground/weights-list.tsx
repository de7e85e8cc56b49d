// The plugin's weights, set by set: those of the template, the user's own files, or those of a style at hand.
import { useRef } from 'preact/hooks';
import { Icon } from '../components/icon.tsx';
import { useSelected, useStudio } from '../components/studio-context.ts';
import { sizeText } from '../state/size-text.ts';
import type { StudioState } from '../state/studio.ts';
import { MAX_SETS, readWeights } from './bring-weights.ts';
import { usePlay, usePlayground } from './playground-context.ts';
import type { PlaygroundState } from './playground-state.ts';

const selectWeights = (state: PlaygroundState) => state.weights;
const selectShelf = (state: StudioState) => state.shelf;

export function WeightsList() {
  const { actions: studio, tincture } = useStudio();
  const { actions } = usePlayground();
  const weights = usePlay(selectWeights);
  const shelf = useSelected(selectShelf);
  const chooser = useRef<HTMLInputElement>(null);
  const target = useRef(0);
  const styles = shelf.filter(({ origin }) => origin === 'registry');

  const put = (place: number, files: () => Promise<readonly File[]>) =>
    studio.attempt('Reading the weights', async () => {
      await actions.bringWeights(await readWeights(await files(), weights, place));
    });
  const choose = (place: number, value: string) => {
    if (value === 'file') {
      target.current = place;
      chooser.current?.click();
    } else if (value !== '') void put(place, async () => [await tincture.styleWeights(value)]);
  };
  const picker = (place: number, label: string, first: string) => (
    <select
      aria-label={label}
      value=""
      onChange={(event) => {
        const { value } = event.currentTarget;
        event.currentTarget.value = '';
        choose(place, value);
      }}
    >
      <option value="">{first}</option>
      <option value="file">A file …</option>
      {styles.map(({ id, name, title }) => (
        <option key={id} value={name}>
          {`Those of ${title}`}
        </option>
      ))}
    </select>
  );

  return (
    <fieldset class="weights">
      <legend class="field-name">Weights</legend>
      {weights.length === 0 ? null : (
        <ol class="weights-sets">
          {weights.map(({ name, bytes }, place) => (
            <li key={place}>
              <span class="weights-number">{place}</span>
              <span class="weights-name">
                {name} <span class="weights-size">{sizeText(bytes.length)}</span>
              </span>
              {picker(place, `Replace set ${place}, ${name}`, 'Replace …')}
              <button
                type="button"
                class="tool small"
                title="Take away"
                onClick={() => void actions.bringWeights(weights.filter((_, index) => index !== place))}
              >
                <Icon name="close" />
                <span class="sr">{`Take away set ${place}, ${name}`}</span>
              </button>
            </li>
          ))}
        </ol>
      )}
      {weights.length >= MAX_SETS ? null : picker(weights.length, 'Add weights', 'Add weights …')}
      <input
        ref={chooser}
        class="sr"
        type="file"
        tabIndex={-1}
        accept=".pt,.safetensors"
        aria-label="A weights file for the plugin"
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = '';
          if (files.length > 0) void put(target.current, async () => files);
        }}
      />
    </fieldset>
  );
}
