// From sources to a style that the engine takes: compile, ask the plugin what it is, pack.
import { createFrameHost } from '../../index.ts';
import type { PackRequest } from '../../kit/pack.ts';
import type { StyleParameter } from '../state/styles.ts';
import type { Compiler } from './compiler.ts';
import { createCompiler } from './compiler.ts';
import { LIBRARY } from './library.ts';
import type { TimedResult } from './messages.ts';
import type { CardForm, WeightsFile, Work } from './playground-state.ts';

/** What building needs of the world, so that tests can stand in for it. */
export interface Workshop {
  /** True once the compiler has answered: until then it is being fetched. */
  readonly warm: boolean;
  compile(work: Work): Promise<TimedResult>;
  /** Starts the module in the sandbox and asks it. Throws a PluginError for one that is refused. */
  parametersOf(name: string, wasm: Uint8Array): Promise<readonly StyleParameter[]>;
  pack(
    card: CardForm,
    contextWidth: number,
    parts: {
      readonly wasm: Uint8Array;
      readonly parameters: readonly StyleParameter[];
      readonly weights: readonly WeightsFile[];
      readonly previews: readonly WeightsFile[];
    },
  ): Promise<File>;
}

export function createWorkshop(compiler: Compiler = createCompiler()): Workshop {
  let warm = false;
  let host: ReturnType<typeof createFrameHost> | undefined;
  return {
    get warm() {
      return warm;
    },
    async compile({ files, entry }) {
      const result = await compiler.compile({ files, entry, library: LIBRARY, release: true });
      warm = true;
      return result;
    },
    async parametersOf(name, wasm) {
      host ??= createFrameHost();
      const plugin = await host.start(name, wasm);
      const { parameters } = plugin.description;
      await plugin.close();
      return parameters;
    },
    async pack(card, contextWidth, { wasm, parameters, weights, previews }) {
      const bytes = await compiler.pack({
        card: {
          ...card,
          tags: [],
          triggerWords: [],
          base: { architecture: 'stable-diffusion-v1', contextWidth },
          parameters: parameters.map(({ title: _, ...parameter }) => parameter),
        },
        plugin: wasm,
        weights,
        previews,
      } satisfies PackRequest);
      return new File([bytes], `${card.name}.style`, { type: 'application/zip' });
    },
  };
}
