// @cyclonedx/cyclonedx-library: its strict JSON validator.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

// The packages lie in the folder that this runs in, not beside this file.
const require = createRequire(`${process.cwd()}/`)
const { Validation } = require('@cyclonedx/cyclonedx-library')
const [path, version] = process.argv.slice(2)
const fault = await new Validation.JsonStrictValidator(version).validate(readFileSync(path, 'utf8'))
console.log(fault === null ? 'accepted' : `refused: ${JSON.stringify(fault).slice(0, 300)}`)
process.exit(fault === null ? 0 : 1)
