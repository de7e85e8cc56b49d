// A report of a comparison as `compare` writes it, whose words try to be markup.
const PICTURE =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const trained = (bytes: number, parameters: number, secondsAStep: number, after: number) => ({
  steps: 10, seconds: 10 * secondsAStep, validationBefore: 0.1, validationAfter: after, bytes, parameters, rate: '1e-3',
  secondsAStep, lossAtEnd: 0.08, curve: [0.2, 0.1],
}); // biome-ignore format: a table
export const side = (inStyle: number, follows: number) => ({
  figures: { inStyle, follows },
  pictures: [PICTURE],
});
export const SAMPLE_REPORT = {
  format: 1,
  model: { name: '<script>', hash: 'abc' },
  data: { pictures: 4, batch: 2, heldBack: 1 },
  budget: { minutes: 2 },
  backend: 'cpu',
  captions: ['"><img onerror=x>'],
  seeds: ['1'],
  judged: 20,
  accuracy: 0.975,
  ceiling: { inStyle: 1, follows: 1 },
  set: [PICTURE],
  trained: { hypernetwork: trained(9000, 2000, 0.3, 0.09), embedding: trained(900, 96, 0.2, 0.11) },
  sides: { none: side(0, 0.3), hypernetwork: side(0.9, 0.8), embedding: side(0.5, 0.4) },
};
