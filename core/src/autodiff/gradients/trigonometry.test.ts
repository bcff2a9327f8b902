import { gradientContract } from "../../../../test/reference/gradient-suite.ts";
import { trigonometry } from "./trigonometry.ts";

gradientContract(trigonometry);
