// Vitest's order of files: those that run long though they are short to read go first, so that no worker waits for one at the end.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONG = /\/(?:e2e\/golden-webgpu|plugins\/hostile\/corpus|worker\/plugins\/hostile)\.test\.ts$/;

export default class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
