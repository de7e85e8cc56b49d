#!/usr/bin/python3
"""Prints a learning rate schedule for `tincture train --rate`: half a cosine in equal pieces, down to 2 % of the rate."""
import argparse
import math

LAST_SHARE = 0.02


def schedule(start, end, rate, pieces):
    """`RATE:STEP, …` from step `start` to step `end`: each piece has the rate of its middle."""
    share = lambda piece: LAST_SHARE + (1 - LAST_SHARE) * 0.5 * (1 + math.cos(math.pi * (piece + 0.5) / pieces))
    return ", ".join(f"{rate * share(piece):.3g}:{start + round((end - start) * (piece + 1) / pieces)}" for piece in range(pieces))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("start", type=int, help="the step that it goes on from, 0 for a new training")
    parser.add_argument("end", type=int, help="the step that it ends with")
    parser.add_argument("rate", type=float)
    parser.add_argument("--pieces", type=int, default=30)
    options = parser.parse_args()
    print(schedule(options.start, options.end, options.rate, options.pieces))


if __name__ == "__main__":
    main()
