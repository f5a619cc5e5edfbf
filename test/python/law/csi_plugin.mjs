// A CSI plugin that makes volumes of nothing: enough for Nomad to make, read and delete them.
import { unlinkSync } from 'node:fs'
import { createServer } from 'node:http2'

const text = (field, value) => Buffer.concat([Buffer.from([(field << 3) | 2, Buffer.byteLength(value)]), Buffer.from(value)])
const number = (field, value) => Buffer.from([field << 3, value])
const inside = (field, ...parts) => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([(field << 3) | 2, body.length]), body])
}

const CONTROLLER_SERVICE = 1
const CREATE_DELETE_VOLUME = 1
const EXPAND_VOLUME = 9
let made = 0
const answers = {
  '/csi.v1.Identity/GetPluginInfo': () => Buffer.concat([text(1, 'org.example.hostpath'), text(2, '1.0.0')]),
  '/csi.v1.Identity/GetPluginCapabilities': () => inside(1, inside(1, number(1, CONTROLLER_SERVICE))),
  '/csi.v1.Controller/ControllerGetCapabilities': () => Buffer.concat([CREATE_DELETE_VOLUME, EXPAND_VOLUME].map((one) => inside(1, inside(1, number(1, one))))),
  '/csi.v1.Controller/CreateVolume': () => inside(1, text(2, `external-${++made}`)),
  '/csi.v1.Node/NodeGetInfo': () => text(1, 'n1'),
}

const server = createServer()
server.on('stream', (stream, headers) => {
  const answer = answers[headers[':path']] ?? (() => Buffer.alloc(0))
  stream.resume()
  stream.on('end', () => {
    const body = answer()
    const prefix = Buffer.alloc(5)
    prefix.writeUInt32BE(body.length, 1)
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(Buffer.concat([prefix, body]))
  })
})
const socket = process.env.CSI_ENDPOINT.replace('unix://', '')
try {
  unlinkSync(socket)
} catch {
  // It was not there.
}
server.listen(socket)
