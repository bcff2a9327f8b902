import type { Examples, Problem, TrainPorts } from "@edgeloop/models";
import { examplesOf, groupedFolds } from "@edgeloop/models";
import { accuracyOf, train } from "./fold.ts";

/** Folds of the trial, and epochs of each: enough to see that a sensor never sits the other way round. */
const trial = { folds: 2, epochs: 4 };

/** What half turns may cost in the trial: a laboratory of a few sees fewer ways to wear a sensor than the field will. */
const costMax = 0.02;

/**
 * Finds out whether half turns do harm: trains with and without them on some of the laboratory's people and tests on the
 * others. A phone sits in a pocket in any of four ways; a watch does not sit on a wrist like that.
 *
 * Nobody else's windows are looked at. Too few people for a trial: no half turns.
 *
 * @param laboratory Windows of the laboratory's people.
 */
export async function chooseFlip(
  problem: Problem,
  laboratory: Examples,
  ports: TrainPorts,
): Promise<boolean> {
  const people = new Set(laboratory.groups);
  if (people.size < 2) return false;
  const folds = groupedFolds(people, Math.min(trial.folds, people.size), problem.training.seed);
  const scores: number[] = [];
  for (const flip of [false, true]) {
    const { training } = problem;
    const augment = { ...training.augment, flip };
    const tried = { ...problem, training: { ...training, augment, epochs: trial.epochs } };
    let sum = 0;
    for (const fold of folds) {
      const learned = examplesOf(laboratory, (person) => fold.train.includes(person));
      const tested = examplesOf(laboratory, (person) => fold.test.includes(person));
      sum += await accuracyOf(await train(learned, tried, ports), tested, ports);
    }
    scores.push(sum / folds.length);
  }
  return (scores[1] ?? 0) > (scores[0] ?? 0) - costMax;
}
