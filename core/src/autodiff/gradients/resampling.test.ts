import { gradientContract } from "../../../../test/reference/gradient-suite.ts";
import { resampling } from "./resampling.ts";

gradientContract(resampling);
