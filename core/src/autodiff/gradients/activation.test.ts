import { gradientContract } from "../../../../test/reference/gradient-suite.ts";
import { activation } from "./activation.ts";

gradientContract(activation);
