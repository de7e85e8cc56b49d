// Symbolic sizes.
import { expect, test } from 'vitest';
import { product, quotient } from '../../client/onnx/dimension.ts';

test('products of numbers are numbers, and of symbols one text whatever the order', () => {
  expect(product([])).toBe(1);
  expect(product([2, 3, 7])).toBe(42);
  expect(product(['width', 2, 'height'])).toBe('2*height*width');
  expect(product(['height', 'width'])).toBe(product(['width', 'height']));
  expect(product(['height/2', 'width/2'])).toBe('height*width/4');
  expect(product([2, 'height/2'])).toBe('height');
  expect(product([4, 'height/2'])).toBe('2*height');
});

test('quotients cancel symbols and factors', () => {
  expect(quotient('77*batch', 77)).toBe('batch');
  expect(quotient('batch*height*width', 'batch')).toBe('height*width');
  expect(quotient('height', 2)).toBe('height/2');
  expect(quotient('height/2', 2)).toBe('height/4');
  expect(quotient('2*batch', 'batch')).toBe(2);
  expect(quotient(12, 4)).toBe(3);
});

test('there is no quotient where a symbol or a factor is lacking', () => {
  expect(quotient('height', 'width')).toBeUndefined();
  expect(quotient(5, 'batch')).toBeUndefined();
  expect(quotient(10, 4)).toBeUndefined();
});
