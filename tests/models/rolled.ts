// Pictures and latents moved around a torus.
import { type Tensor, tensor } from '../../client/tensor/tensor.ts';

/** x [batch, channels, height, width] with every value `down` rows and `right` columns further; what falls off comes in again. */
export function rolled({ shape, data }: Tensor, down: number, right: number): Tensor {
  const [batch, channels, height, width] = shape as [number, number, number, number];
  const moved = tensor(shape);
  for (let plane = 0; plane < batch * channels; plane++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const to = ((y + down) % height) * width + ((x + right) % width);
        moved.data[plane * height * width + to] = data[(plane * height + y) * width + x]!;
      }
    }
  }
  return moved;
}
