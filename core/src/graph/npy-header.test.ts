import { expect, test } from "vitest";
import { codeOf } from "../platform/errors.ts";
import { npyHeaderOf } from "./npy-header.ts";

// The example of numpy's format description (NEP 1), and what Python 2 and other writers make of it.
test.for([
  "{'descr': '<i4', 'fortran_order': False, 'shape': (3, 4), }",
  "{'descr': '<i4', 'fortran_order': False, 'shape': (3, 4)}   \n",
  '{"shape":(3L,4L,),"fortran_order":False,"descr":"<i4"}',
])("%s is understood", (text) => {
  expect(npyHeaderOf(text)).toEqual({ descr: "<i4", isFortran: false, shape: [3, 4] });
});

test("tuples of none and of one have their own form in Python", () => {
  const shapeOf = (tuple: string): readonly number[] =>
    npyHeaderOf(`{'descr': '<i4', 'fortran_order': True, 'shape': ${tuple}, }`).shape;
  expect([shapeOf("()"), shapeOf("(7,)")]).toEqual([[], [7]]);
});

const codeOfReading = (text: string): string => {
  try {
    npyHeaderOf(text);
    return "";
  } catch (error) {
    return codeOf(error);
  }
};

test.for([
  "",
  "{",
  "{}",
  "[]",
  "{'descr': '<i4', 'fortran_order': False}",
  "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), 'more': 'x'}",
  "{'descr': '<i4', 'descr': '<i4', 'fortran_order': False, 'shape': (3,)}",
  "{'descr': '<i4', 'fortran_order': False, 'shape': (3,)} 1",
  "{'descr': '<i4', 'fortran_order': False, 'shape': (-3,)}",
  "{'descr': '<i4', 'fortran_order': False, 'shape': (3.5,)}",
  "{'descr': '<i4', 'fortran_order': False, 'shape': 3}",
  "{'descr': '<i4', 'fortran_order': False, 'shape': (3 4)}",
  "{'descr': '<i4', 'fortran_order': False, 'shape': ((3,),)}",
  "{'descr': '<i4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
  "{'descr': '<i4', 'fortran_order': 0, 'shape': (3,)}",
  "{'descr': __import__('os').getpid(), 'fortran_order': False, 'shape': (3,)}",
  "{'descr': '\\x3ci4', 'fortran_order': False, 'shape': (3,)}",
])("%s is refused", (text) => {
  expect(codeOfReading(text)).toBe("NPY_INVALID");
});

test("records are refused by their own code", () => {
  const records = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}";
  expect(codeOfReading(records)).toBe("NPY_UNSUPPORTED");
});
