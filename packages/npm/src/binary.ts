import { accessSync, constants } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** The platforms for which there is a package with the program: `process.platform`-`process.arch`. */
export const PLATFORMS = ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64'] as const

/**
 * The path of the program: that of the environment variable `MEMBRANE_MOCK_BINARY` where it is set, else that of the package
 * of this platform. Throws an error that says what to do where there is none.
 */
export function binary(): string {
  const told = process.env.MEMBRANE_MOCK_BINARY
  if (told) {
    try {
      accessSync(told, constants.X_OK)
    } catch {
      throw new Error(`MEMBRANE_MOCK_BINARY is ${told}, which is no program that can be run`)
    }
    return told
  }
  const platform = `${process.platform}-${process.arch}`
  try {
    return require.resolve(`@membrane-mock/${platform}/bin/membrane-mock`)
  } catch {
    const known = (PLATFORMS as readonly string[]).includes(platform)
    throw new Error(
      known
        ? `the package @membrane-mock/${platform} is not installed: install again without --omit=optional, or set ` +
            'MEMBRANE_MOCK_BINARY to a membrane-mock that `cargo install` has built'
        : `there is no program for ${platform}; there is one for ${PLATFORMS.join(', ')}. Where Rust is, ` +
            '`cargo install` builds one: set MEMBRANE_MOCK_BINARY to it',
    )
  }
}
