import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** Where Debian's and other packages of Chromium put its software driver. */
const folders = ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"];

/**
 * The environment in which Dawn finds SwiftShader, the Vulkan driver in software that Chromium comes with, and the
 * Vulkan loader beside it; empty where it is not installed, or where a driver is named already.
 */
export function softwareAdapter(
  environment: NodeJS.ProcessEnv = process.env,
): Readonly<Record<string, string>> {
  if (environment["VK_ICD_FILENAMES"] !== undefined) return {};
  const file = folders.map((folder) => join(folder, "vk_swiftshader_icd.json")).find(existsSync);
  if (file === undefined) return {};
  const libraries = [environment["LD_LIBRARY_PATH"], dirname(file)];
  return {
    VK_ICD_FILENAMES: file,
    LD_LIBRARY_PATH: libraries.filter((path) => path !== undefined).join(delimiter),
  };
}
