/** What somebody or something says was true over a stretch of time. */
export type Label = {
  readonly startUs: number;
  readonly endUs: number;
  readonly label: string;
  readonly by: string;
};
