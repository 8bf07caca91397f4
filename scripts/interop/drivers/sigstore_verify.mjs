// @sigstore/verify: a bundle whose signature is checked with a public key that the caller holds.
import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

// The packages lie in the folder that this runs in, not beside this file.
const require = createRequire(`${process.cwd()}/`)
const { bundleFromJSON } = require('@sigstore/bundle')
const { Verifier, toSignedEntity } = require('@sigstore/verify')
const [bundlePath, keyPath] = process.argv.slice(2)
const json = JSON.parse(readFileSync(bundlePath, 'utf8'))
const publicKey = createPublicKey(readFileSync(keyPath))
const trust = {
  certificateAuthorities: [],
  timestampAuthorities: [],
  tlogs: [],
  ctlogs: [],
  publicKey: () => ({ publicKey, validFor: () => true }),
}
// A key that the verifier holds needs neither Sigstore's log nor its clock.
const verifier = new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 })
let fault = null
try {
  verifier.verify(toSignedEntity(bundleFromJSON(json)))
} catch (error) {
  if (!['VerificationError', 'ValidationError'].includes(error.constructor.name)) throw error
  fault = `${error.constructor.name}: ${error.message}`
}
console.log(fault === null ? 'accepted' : `refused: ${fault.slice(0, 300)}`)
process.exit(fault === null ? 0 : 1)
