import { gradientContract } from "../../../../test/reference/gradient-suite.ts";
import { rearranging } from "./rearranging.ts";

gradientContract(rearranging);
