// One WebSocket client of a gateway, as its own programs are: logs in with the shared token and stays.
// Tells each thing that happens as a JSON line, and never connects a second time, so that a
// disconnect is seen. Ends with its standard input.
//
// GATEWAY_URL and GATEWAY_TOKEN come from the environment. A line on standard input is a request:
// {"method": ..., "params": ...}. Its answer is told as {"event": "answer", ...}.
import { createInterface } from 'node:readline'

const tell = line => console.log(JSON.stringify(line))
const socket = new WebSocket(process.env.GATEWAY_URL)
let last = 0

function request(method, params) {
  last += 1
  socket.send(JSON.stringify({ type: 'req', id: String(last), method, params }))
}

socket.addEventListener('message', ({ data }) => {
  const frame = JSON.parse(data)
  if (frame.type === 'event' && frame.event === 'connect.challenge') {
    request('connect', {
      minProtocol: 3,
      maxProtocol: 4,
      client: { id: 'gateway-client', version: '1', platform: process.platform, mode: 'backend' },
      role: 'operator',
      scopes: ['operator.admin', 'operator.read', 'operator.write'],
      caps: [],
      auth: { token: process.env.GATEWAY_TOKEN },
    })
  } else if (frame.type === 'event' && frame.event === 'shutdown') {
    tell({ event: 'shutdown', reason: frame.payload?.reason })
  } else if (frame.type === 'res' && frame.id === '1') {
    if (frame.ok) tell({ event: 'connected' })
    else tell({ event: 'error', code: frame.error?.details?.code ?? frame.error?.code })
  } else if (frame.type === 'res') {
    tell({ event: 'answer', ok: frame.ok, payload: frame.payload, code: frame.error?.code })
  }
})
socket.addEventListener('error', () => tell({ event: 'error', code: 'CONNECTION' }))
socket.addEventListener('close', ({ code, reason }) => {
  tell({ event: 'closed', code, reason })
  process.exitCode = 1
  lines.close()
  process.stdin.destroy()
})

const lines = createInterface({ input: process.stdin })
lines.on('line', line => {
  const { method, params } = JSON.parse(line)
  request(method, params)
})
lines.on('close', () => socket.close())
