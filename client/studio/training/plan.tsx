// What is to be learnt: the preset, its name and steps, whether it fits, the drawer, and the button.
import { useEffect, useMemo } from 'preact/hooks';
import { useSelected } from '../components/studio-context.ts';
import type { StudioState } from '../state/studio.ts';
import { Drawer } from './drawer.tsx';
import { FitLine } from './fit-line.tsx';
import { FormText } from './form-text.tsx';
import { LARGE_MODEL_BYTES } from './trainer-keeper.ts';
import { useTrain, useTraining } from './training-context.ts';
import { type Preset, readForm } from './training-form.ts';
import type { TrainingPageState } from './training-state.ts';

const selectForm = (state: TrainingPageState) => state.form;
const selectKept = (state: TrainingPageState) => state.kept;
const selectBusy = (state: TrainingPageState) => state.run !== undefined;
const selectCount = (state: TrainingPageState) => state.pictures.length;
const selectWordless = (state: TrainingPageState) =>
  state.pictures.filter(({ caption }) => caption.trim() === '').length;
const selectModel = (state: StudioState) => state.model;
/** Whether looking costs no large download. */
const selectAtHand = (state: StudioState) => {
  const chosen = state.models.find(({ name }) => name === state.model);
  return (
    chosen !== undefined &&
    (chosen.origin === 'files' || chosen.bytes <= LARGE_MODEL_BYTES || state.press.phase === 'ready')
  );
};

/** Typing rests so long before it is looked whether the training fits. */
const ASSESS_PAUSE_MS = 500;

const CHOICES: readonly { readonly preset: Preset; readonly title: string; readonly words: string }[] = [
  { preset: 'style', title: 'A style', words: 'how pictures are drawn: a hypernetwork over all widths' },
  { preset: 'subject', title: 'A subject', words: 'one thing or person, as a new word: an embedding' },
];

export function Plan() {
  const { actions } = useTraining();
  const form = useTrain(selectForm);
  const kept = useTrain(selectKept);
  const busy = useTrain(selectBusy);
  const count = useTrain(selectCount);
  const wordless = useTrain(selectWordless);
  const model = useSelected(selectModel);
  const atHand = useSelected(selectAtHand);
  const { faults, request } = useMemo(() => readForm(form, kept?.step), [form, kept]);
  useEffect(() => {
    if (!atHand || busy || faults.size > 0) return;
    const timer = setTimeout(() => void actions.assess(), ASSESS_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [actions, form, model, atHand, busy, faults]);
  const begun = kept !== undefined;
  const done = begun && request !== undefined && kept.step >= request.steps;
  const ready = count > 0 && request !== undefined && !busy && !done;
  return (
    <form
      class="train-plan"
      aria-label="What to learn"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void actions.start();
      }}
    >
      <fieldset class="presets" disabled={busy || begun}>
        <legend class="sr">What to learn</legend>
        {CHOICES.map(({ preset, title, words }) => (
          <label key={preset} class="preset">
            <input
              type="radio"
              name="preset"
              class="sr"
              checked={form.preset === preset}
              onChange={() => actions.choosePreset(preset)}
            />
            <strong>{title}</strong>
            <span>{words}</span>
          </label>
        ))}
      </fieldset>
      <fieldset class="train-basics" disabled={busy}>
        <legend class="sr">The basics</legend>
        <FormText
          field="name"
          label="Name"
          hint={form.preset === 'subject' ? 'the word that prompts call it by' : ''}
          faults={faults}
          fixed={begun}
        />
        <FormText field="steps" label="Steps" faults={faults} />
        {form.preset === 'subject' ? (
          <FormText
            field="startWords"
            label="Begins as"
            hint="words for such a thing"
            faults={faults}
            fixed={begun}
          />
        ) : null}
      </fieldset>
      <FitLine atHand={atHand} />
      {wordless === 0 ? null : (
        <p class="hint" role="status">
          {wordless === 1 ? 'One picture has no words' : `${wordless} pictures have no words`}: type them, or
          let it learn without.
        </p>
      )}
      {busy ? null : (
        <>
          <button type="submit" class="draw" aria-disabled={!ready}>
            {begun ? `Go on from step ${kept.step}` : 'Train'}
          </button>
          <p class="hint" role="status">
            {count === 0
              ? 'Pictures come first.'
              : faults.size > 0
                ? `What is marked must be put right first: ${[...faults.keys()].join(', ')}.`
                : done
                  ? 'It is trained. With more steps it goes on from here.'
                  : 'It goes on while you draw or look elsewhere, and can be paused at any time.'}
          </p>
        </>
      )}
      <Drawer faults={faults} busy={busy} begun={begun} />
    </form>
  );
}
