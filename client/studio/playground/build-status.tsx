// How the build of the newest source stands, for eyes and for ears.
import { useEffect, useState } from 'preact/hooks';
import { sizeText } from '../state/size-text.ts';
import { usePlay } from './playground-context.ts';
import type { Build, PlaygroundState } from './playground-state.ts';

const selectBuild = (state: PlaygroundState) => state.build;
const selectErrors = (state: PlaygroundState) =>
  state.problems.filter(({ severity }) => severity === 'error').length;

const selectFirst = (state: PlaygroundState) => state.problems.find(({ severity }) => severity === 'error');

export function BuildStatus() {
  const build = usePlay(selectBuild);
  const errors = usePlay(selectErrors);
  const first = usePlay(selectFirst);
  // Ears hear results only, and each once, not every beginning.
  const [spoken, setSpoken] = useState('');
  useEffect(() => {
    if (build.phase === 'done') setSpoken(`Built, ${sizeText(build.bytes)}`);
    if (build.phase === 'refused') setSpoken('');
    if (build.phase === 'wrong') {
      setSpoken(`${wordsOf(build, errors)}. Line ${first?.line ?? 0}: ${first?.message ?? ''}`);
    }
  }, [build, errors, first]);
  return (
    <div class={`build build-${build.phase}`}>
      <span class="dot" aria-hidden="true" />
      <span>{wordsOf(build, errors)}</span>
      <p class="sr" role="status">
        {spoken}
      </p>
    </div>
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
