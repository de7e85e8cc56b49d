// The plugin host's interface, as plugins/host settles it, for everything above this folder.
export type {
  ContextPair,
  LayerBlocks,
  Plugin,
  PluginHost,
  PluginLimits,
  StartOptions,
  StepSchedule,
} from '../../plugins/host/plugin.ts';
