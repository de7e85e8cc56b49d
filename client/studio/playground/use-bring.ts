// What files do that are dropped on the playground: hypernetworks and tensors become the plugin's weights.
import { useCallback } from 'preact/hooks';
import { useStudio } from '../components/studio-context.ts';
import { readWeights } from './bring-weights.ts';
import { usePlayground } from './playground-context.ts';

export function useBring(): (files: readonly File[]) => Promise<void> {
  const studio = useStudio();
  const { store, actions } = usePlayground();
  return useCallback(
    async (files) => {
      const weights = files.filter(({ name }) => /\.(pt|safetensors)$/i.test(name));
      const others = files.filter((file) => !weights.includes(file));
      if (weights.length > 0) {
        await studio.actions.attempt('Reading the weights', async () => {
          await actions.bringWeights(await readWeights(weights, store.state().weights));
        });
      }
      if (others.length > 0) await studio.actions.bring(others);
    },
    [studio, store, actions],
  );
}
