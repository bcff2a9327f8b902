// The protocol on real data, held to the counts of another implementation. Skipped where the data are not there.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importCsv } from "@edgeloop/core/data/node";
import { parseName } from "@edgeloop/core/platform";
import { parseProblem } from "@edgeloop/models";
import { loadExamples } from "@edgeloop/models/node";
import { expect, onTestFinished, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const from = join(root, "..", "shared", "datasets", "har-spsw");
const isThere = existsSync(from);
if (!isThere) console.log(`skipped: ${from} is not there; examples/har/README.md says where it is`);

test.skipIf(!isThere)(
  "windows and labels are those that an implementation in Python counts",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "edgeloop-har-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const channel = (column: string, unit: string) => ({ column, unit });
    const report = await importCsv({
      from,
      to: join(directory, "har"),
      path: "{subject}/{subject}_{execution}_{device}.csv",
      sensor: parseName("imu"),
      origin: "har-spsw",
      mapping: {
        channels: [
          ...["x_acc", "y_acc", "z_acc"].map((column) => channel(column, "m/s2")),
          ...["x_gyro", "y_gyro", "z_gyro"].map((column) => channel(column, "rad/s")),
        ],
        time: { column: "timestamp", unit: "ms" },
        rateHz: 100,
        label: "label",
      },
    });
    expect(report).toMatchObject({ files: 446, rows: 521_766 });
    // Counted by forty lines of Python with csv and bisect alone (a sample has the label of the last row at or before it,
    // of equally frequent labels the earlier counts): SEATED, SITTING_DOWN, STANDING_UP, TURNING, WALKING.
    const expected = { sp: [535, 1127, 1024, 2038, 4490], sw: [503, 1126, 1016, 2033, 4496] };
    for (const [device, counts] of Object.entries(expected)) {
      const file = join(root, "examples", "har", `${device === "sp" ? "phone" : "watch"}.yaml`);
      const problem = parseProblem(readFileSync(file, "utf8"), file);
      const examples = await loadExamples(problem, {
        directory: join(directory, "har"),
        where: { device },
        groupBy: "subject",
      });
      const found = problem.classes.map(
        (_, label) => examples.labels.filter((own) => own === label).length,
      );
      expect(found).toEqual(counts);
      expect(new Set(examples.groups).size).toBe(23);
    }
  },
);
