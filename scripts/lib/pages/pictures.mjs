// Takes pictures of the pages of a running closecall: node pictures.mjs BASE FOLDER.
import { SCHEMES, WIDTHS, launch, open, paths } from "./browser.mjs";

const [, , address, folder] = process.argv;
const base = address.replace(/\/$/, "");
const browser = await launch();
for (const path of await paths(base)) {
  const kind = path.split("/")[1] || "today";
  for (const [name, width] of Object.entries(WIDTHS)) {
    for (const scheme of SCHEMES) {
      const page = await open(browser, base, path, { width, scheme });
      // Half the size is enough to see what a page looks like.
      await page.setViewport({ width, height: 900, deviceScaleFactor: 0.5 });
      await page.screenshot({ path: `${folder}/${kind}-${name}-${scheme}.png`, fullPage: true });
      await page.close();
    }
  }
}
await browser.close();
