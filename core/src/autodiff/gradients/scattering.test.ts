import { gradientContract } from "../../../../test/reference/gradient-suite.ts";
import { scattering } from "./scattering.ts";

gradientContract(scattering);
