// What a plugin says of itself: the JSON that `tincture_describe` points at.
import { z } from 'zod';
import { MAX_PARAMETERS_DESCRIBED } from './limits.ts';
import { nameSchema } from './style.ts';

/** A number that users may set. `strength` is the host's own. */
export const pluginParameterSchema = z
  .strictObject({
    name: nameSchema.refine((name) => name !== 'strength', 'must not be `strength`, which is the host’s'),
    title: z.string().min(1).max(100).optional(),
    default: z.number(),
    minimum: z.number(),
    maximum: z.number(),
  })
  .refine((it) => it.minimum <= it.default && it.default <= it.maximum, {
    path: ['default'],
    message: 'must lie between minimum and maximum',
  });

export const pluginDescriptionSchema = z.strictObject({
  title: z.string().min(1).max(100).optional(),
  description: z.string().max(4000).optional(),
  /** Float16 tensors come as they are instead of widened. */
  half: z.boolean().default(false),
  parameters: z
    .array(pluginParameterSchema)
    .max(MAX_PARAMETERS_DESCRIBED)
    .refine(
      (values) => new Set(values.map(({ name }) => name)).size === values.length,
      'must not repeat a name',
    )
    .default([]),
});
export type PluginDescription = z.infer<typeof pluginDescriptionSchema>;
