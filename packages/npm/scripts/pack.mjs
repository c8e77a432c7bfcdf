// Packs what is published for this platform: the package, and the package with its program. Prints the two archives.
//
// Start: node scripts/pack.mjs path/to/membrane-mock folder
//
// The platforms other than the one this runs on are packed the same way on machines of theirs; only linux-x64 was.

import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from './build.mjs'

const [program, to] = process.argv.slice(2)
if (!program || !to) {
  console.error('node scripts/pack.mjs path/to/membrane-mock folder')
  process.exit(2)
}
const here = dirname(dirname(fileURLToPath(import.meta.url)))
const root = dirname(dirname(here))
const own = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))
const platform = `${process.platform}-${process.arch}`
const out = resolve(to)
mkdirSync(out, { recursive: true })

// What is packed is the program's own version, or it is not packed.
const said = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim()
if (said !== `membrane-mock ${own.version}`) {
  console.error(`the package is ${own.version}, and the program says \`${said}\``)
  process.exit(1)
}

const pack = (folder) => {
  const printed = execFileSync('npm', ['pack', '--json', '--pack-destination', out], { cwd: folder, encoding: 'utf8' })
  return join(out, JSON.parse(printed)[0].filename)
}

/** Writes a package of its own into a folder and packs it; answers where the archive is. */
const packed = (name, manifest, files) => {
  const folder = join(work, name)
  for (const [file, from] of Object.entries({ ...files, LICENSE: join(root, 'LICENSE') })) {
    cpSync(from, join(folder, file), { recursive: true })
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  return pack(folder)
}

const work = mkdtempSync(join(tmpdir(), 'membrane-mock-pack-'))
try {
  const { devDependencies: _, scripts: __, ...published } = own
  const { version, license, description } = own
  const of = (platform) => `@membrane-mock/${platform}`
  const program_of_platform = join(work, 'membrane-mock')
  copyFileSync(program, program_of_platform)
  chmodSync(program_of_platform, 0o755)
  const about = {
    ...{ name: of(platform), version, license },
    description: `${description}: the program for ${platform}`,
    ...{ os: [process.platform], cpu: [process.arch] },
    ...(process.platform === 'linux' ? { libc: ['glibc'] } : {}),
    files: ['bin', 'LICENSE'],
  }
  const archives = [packed('program', about, { 'bin/membrane-mock': program_of_platform })]
  const built = join(work, 'built')
  build(resolve(program), built)
  const { PLATFORMS } = await import(pathToFileURL(join(built, 'dist/binary.js')).href)
  // They are named here and not in the package itself, which could not be installed to work on where they are not published.
  const optionalDependencies = Object.fromEntries(PLATFORMS.map((platform) => [of(platform), version]))
  const parts = ['bin', 'dist', 'README.md'].map((file) => [file, join(built, file)])
  archives.push(packed('package', { ...published, optionalDependencies }, Object.fromEntries(parts)))
  console.log(archives.join('\n'))
} finally {
  rmSync(work, { recursive: true })
}
