// Looks at pages at every width in both themes. SHOTS=1 keeps a picture of each in output/, to look at.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { LOOKS, violations } from "./harness.js";

const WIDTHS = [2560, 1440, 768, 390];
const THEMES = ["light", "dark"];
const OUTPUT = new URL("./output/", import.meta.url).pathname;
const SHOTS = Boolean(process.env.SHOTS);

/** Nothing is wider than the screen, no script fails, no request is refused, axe finds nothing. */
export async function inspect({ page, faults }, pages) {
  if (SHOTS) mkdirSync(OUTPUT, { recursive: true });
  const wrong = [];
  for (const [name, path] of pages) {
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(path);
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme });
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        const where = `${name} (${path}) ${width} ${theme}`;
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (over > 0) wrong.push(`${where}: ${over} px too wide`);
        wrong.push(...(await faultsOf(page, width, theme)).map((found) => `${where}: ${found}`));
        if (SHOTS) await page.screenshot({ path: `${OUTPUT}${name}-${width}-${theme}.png`, fullPage: true });
      }
    }
    wrong.push(...faults.splice(0).map((fault) => `${name} (${path}): ${fault}`));
  }
  assert.deepEqual(wrong, []);
}

/** Everything is asked at the widest and the narrowest; what only looks can change, in the other theme. */
async function faultsOf(page, width, theme) {
  const all = `${width} ${theme}`;
  if (all === "1440 light" || all === "390 dark") return violations(page);
  if (all === "1440 dark" || all === "390 light") return violations(page, LOOKS);
  return [];
}
