// Loss and rate over the steps, drawn as they come: raw, smoothed, and of the held-back pictures.
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { LossCurve } from './loss-curve.ts';
import { useTrain } from './training-context.ts';
import type { TrainingPageState } from './training-state.ts';

const selectLosses = (state: TrainingPageState) => state.losses;
const selectVersion = (state: TrainingPageState) => state.lossVersion;

const HEIGHT = 320;
/** Steps from which on a curve is long. */
const LONG_CURVE = 5000;
const SHORT_PAUSE_MS = 50;
const LONG_PAUSE_MS = 1000;
const DARK = '(prefers-color-scheme: dark)';

export function LossPlot() {
  const losses = useTrain(selectLosses);
  const version = useTrain(selectVersion);
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const latest = useRef(losses);
  latest.current = losses;

  useEffect(() => {
    const place = holder.current!;
    const make = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsFor(place), dataOf(latest.current), place);
    };
    make();
    const sized = new ResizeObserver(() =>
      plot.current?.setSize({ width: place.clientWidth, height: HEIGHT }),
    );
    sized.observe(place);
    const theme = matchMedia(DARK);
    theme.addEventListener('change', make);
    return () => {
      theme.removeEventListener('change', make);
      sized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);

  const drawnAt = useRef(0);
  useEffect(() => {
    // A long curve is drawn less often; a hidden page draws nothing, and all of it when it is seen again.
    const pause = losses.length > LONG_CURVE ? LONG_PAUSE_MS : SHORT_PAUSE_MS;
    const timer = setTimeout(
      () => {
        drawnAt.current = performance.now();
        if (!document.hidden) plot.current?.setData(dataOf(losses));
      },
      Math.max(0, drawnAt.current + pause - performance.now()),
    );
    return () => clearTimeout(timer);
  }, [losses, version]);

  useEffect(() => {
    const look = (): void => {
      if (!document.hidden) plot.current?.setData(dataOf(latest.current));
    };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);

  return (
    <figure class="loss-plot">
      <div ref={holder} role="img" aria-label={describe(losses)} />
    </figure>
  );
}

function describe({ last }: LossCurve): string {
  if (last === undefined) return 'Loss over the steps: none yet';
  return `Loss over the steps: ${last.loss.toPrecision(3)} at step ${last.step}, rate ${last.rate.toPrecision(2)}`;
}

function dataOf(losses: LossCurve): uPlot.AlignedData {
  const { step, loss, smoothed, validation, rate } = losses.columns();
  return [[...step], [...loss], [...smoothed], [...validation], [...rate]];
}

function optionsFor(place: HTMLElement): uPlot.Options {
  const style = getComputedStyle(place);
  // The tokens are light-dark() pairs, which only a property of a colour resolves.
  const colour = (token: string): string => {
    place.style.outlineColor = `var(${token})`;
    const resolved = getComputedStyle(place).outlineColor;
    place.style.outlineColor = '';
    return resolved;
  };
  const [ink, soft, rule] = [colour('--ink'), colour('--ink-soft'), colour('--rule')];
  const axis = {
    stroke: soft,
    font: `12px ${style.fontFamily}`,
    grid: { stroke: rule, width: 1 },
    ticks: { stroke: rule, width: 1, size: 4 },
  };
  const digits = (_: uPlot, value: number | null) => (value === null ? '–' : value.toPrecision(3));
  return {
    width: place.clientWidth,
    height: HEIGHT,
    cursor: { drag: { x: true, y: false } },
    scales: {
      x: { time: false },
      loss: {},
      rate: { range: (_, low, high) => [0, 1.05 * (high || low || 1)] },
    },
    axes: [
      { ...axis, size: 30 },
      { ...axis, scale: 'loss', size: 52 },
      {
        ...axis,
        scale: 'rate',
        side: 1,
        size: 56,
        grid: { show: false },
        values: (_, splits) => splits.map((value) => (value === 0 ? '0' : value.toExponential(0))),
      },
    ],
    series: [
      { label: 'Step', value: (_, value: number | null) => (value === null ? '–' : String(value)) },
      {
        label: 'Loss',
        scale: 'loss',
        stroke: `color-mix(in srgb, ${colour('--azure')} 60%, transparent)`,
        width: 1,
        points: { show: false },
        value: digits,
      },
      {
        label: 'Smoothed',
        scale: 'loss',
        stroke: colour('--azure'),
        width: 2.25,
        points: { show: false },
        value: digits,
      },
      {
        label: 'Held back',
        scale: 'loss',
        stroke: colour('--gules'),
        width: 1.5,
        spanGaps: true,
        points: { show: true, size: 6, fill: ink },
        value: digits,
      },
      {
        label: 'Rate',
        scale: 'rate',
        stroke: colour('--or'),
        width: 1.25,
        dash: [5, 4],
        points: { show: false },
        ...(uPlot.paths.stepped !== undefined && { paths: uPlot.paths.stepped({ align: -1 }) }),
        value: digits,
      },
    ],
  };
}
