// What is compared.
export const COMPARED = ['hypernetwork', 'embedding'] as const;
export type ComparedKind = (typeof COMPARED)[number];
