import { gradientContract } from "../../../../test/reference/gradient-suite.ts";
import { contraction } from "./contraction.ts";

gradientContract(contraction);
