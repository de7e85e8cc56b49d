// How the build of the newest source stands, for eyes and for ears.
import { sizeText } from '../state/size-text.ts';
import { usePlay } from './playground-context.ts';
import type { Build, PlaygroundState } from './playground-state.ts';

const selectBuild = (state: PlaygroundState) => state.build;
const selectErrors = (state: PlaygroundState) =>
  state.problems.filter(({ severity }) => severity === 'error').length;

export function BuildStatus() {
  const build = usePlay(selectBuild);
  const errors = usePlay(selectErrors);
  return (
    <p class={`build build-${build.phase}`} role="status">
      <span class="dot" aria-hidden="true" />
      {wordsOf(build, errors)}
    </p>
  );
}

/** Sizes and times in words; no word changes while one types and nothing new is known. */
function wordsOf(build: Build, errors: number): string {
  switch (build.phase) {
    case 'waiting':
      return 'waiting';
    case 'compiling':
      return build.first ? 'fetching the compiler …' : 'compiling …';
    case 'wrong':
      return errors === 1 ? '1 error' : `${errors} errors`;
    case 'refused':
      return 'refused';
    case 'done':
      return `built in ${(build.milliseconds / 1000).toFixed(2)} s · ${sizeText(build.bytes)}`;
  }
}
