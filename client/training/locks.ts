// Who may use the device, and who may train: locks that all pages and Workers of this origin share.

/** Held by the one who trains, as long as it trains. */
export const TRAINING_LOCK = 'tincture-training';
/** Held alone for a step of training, shared while pictures are drawn. */
export const DEVICE_LOCK = 'tincture-device';
