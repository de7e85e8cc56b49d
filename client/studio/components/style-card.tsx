// A style in use: its strength, its place in the order, and the way back to the shelf.
import type { StrengthPoint } from '../../index.ts';
import type { FactorOf } from '../state/strengths.ts';
import type { ShelfStyle, StyleInUse } from '../state/styles.ts';
import { hatchOf } from '../state/styles.ts';
import { Icon } from './icon.tsx';
import { ParameterSliders } from './parameter-sliders.tsx';
import { Slider } from './slider.tsx';
import { StrengthDrawer } from './strength-drawer.tsx';
import { StyleMark } from './style-mark.tsx';

export interface StyleCardProps {
  readonly style: ShelfStyle;
  /** Place in the order, 0 first, and how many there are. */
  readonly place: number;
  readonly count: number;
  readonly dragged: boolean;
  /** It has no layer for any width of the loaded model. */
  readonly idle: boolean;
  readonly use: StyleInUse;
  /** Widths that it bends of the loaded model. */
  readonly widths: readonly number[];
  readonly onFactor: (of: FactorOf, factor: number) => void;
  readonly onCurve: (points: readonly StrengthPoint[]) => void;
  readonly onStrength: (strength: number) => void;
  readonly onParameter: (name: string, value: number) => void;
  /** Moves it to another place; `control` is the button to keep the focus on. */
  readonly onMove: (to: number, control: string) => void;
  readonly onPutBack: () => void;
  readonly onGrip: (event: PointerEvent) => void;
}

export function StyleCard(props: StyleCardProps) {
  const { style, use, place, count, dragged, idle, onStrength, onParameter, onMove, onPutBack, onGrip } =
    props;
  const byKey = (event: KeyboardEvent) => {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    onMove(place + (event.key === 'ArrowUp' ? -1 : 1), 'grip');
  };
  return (
    <li class={`style-card ink-${hatchOf(style.name)}${dragged ? ' dragged' : ''}`} data-style={style.id}>
      <button
        type="button"
        class="grip"
        data-control="grip"
        title="Drag, or use the arrow keys, to change the order"
        onPointerDown={onGrip}
        onKeyDown={byKey}
      >
        <Icon name="grip" />
        <span class="sr">{`Move ${style.title}, ${place + 1} of ${count}; arrow keys change its place`}</span>
      </button>
      <StyleMark style={style} />
      <div class="style-text">
        <h3>{style.title}</h3>
        <p class="origin">{idle ? 'made for another model: it changes nothing here' : originOf(style)}</p>
      </div>
      <div class="style-tools">
        <button
          type="button"
          class="tool small"
          data-control="up"
          title="Earlier"
          aria-disabled={place === 0}
          onClick={() => onMove(place - 1, 'up')}
        >
          <Icon name="up" />
          <span class="sr">{`Apply ${style.title} earlier`}</span>
        </button>
        <button
          type="button"
          class="tool small"
          data-control="down"
          title="Later"
          aria-disabled={place === count - 1}
          onClick={() => onMove(place + 1, 'down')}
        >
          <Icon name="down" />
          <span class="sr">{`Apply ${style.title} later`}</span>
        </button>
        <button type="button" class="tool small" title="Take out of use" onClick={onPutBack}>
          <Icon name="close" />
          <span class="sr">{`Take ${style.title} out of use`}</span>
        </button>
      </div>
      <Slider
        label={`Strength of ${style.title}`}
        value={use.strength}
        min={style.strength.min}
        max={style.strength.max}
        step={0.05}
        origin={0}
        onChange={onStrength}
      />
      <ParameterSliders
        parameters={style.parameters ?? []}
        values={use.parameters ?? {}}
        owner={style.title}
        onChange={onParameter}
      />
      <StrengthDrawer
        owner={style.title}
        widths={props.widths}
        strengths={use.strengths}
        overSteps={use.overSteps}
        onFactor={props.onFactor}
        onCurve={props.onCurve}
      />
    </li>
  );
}

function originOf({ origin, description, triggerWords }: ShelfStyle): string {
  const from = origin === 'file' ? `your file · ${description}` : description;
  return triggerWords.length > 0 ? `${from} · say “${triggerWords.join(', ')}”` : from;
}
