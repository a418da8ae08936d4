import Telemetry
import Testing

@testable import RedisStreams

struct CommandBufferTests {
    private func text(_ write: (inout CommandBuffer) -> Void) -> String {
        var buffer = CommandBuffer()
        write(&buffer)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    @Test("arguments are counted in bytes")
    func arguments() {
        let command = text {
            $0.command(["SET", "ключ", .bytes([0, 13, 10]), -12, .integer(.max), .id(StreamID(7, 8))])
        }
        let expected = """
            *6\r\n$3\r\nSET\r\n$8\r\nключ\r\n$3\r\n\0\r\n\r\n$3\r\n-12\r\n$19\r\n9223372036854775807\r\n$3\r\n7-8\r\n
            """
        #expect(command == expected)
        #expect(text { $0.argument(Int64.min) } == "$20\r\n-9223372036854775808\r\n")
        #expect(text { $0.argument(0) } == "$1\r\n0\r\n")
        #expect(text { $0.argument("") } == "$0\r\n\r\n")
    }

    @Test("an XADD carries the entry's id and bytes, and creates a stream only when told")
    func addition() {
        let entry = StreamEntry(id: StreamID(5), payload: [1, 2])
        #expect(
            text { $0.add(entry, to: "s") }
                == "*6\r\n$4\r\nXADD\r\n$1\r\ns\r\n$10\r\nNOMKSTREAM\r\n$3\r\n5-0\r\n$1\r\ne\r\n$2\r\n\u{1}\u{2}\r\n")
        #expect(
            text { $0.add(entry, to: "s", creating: true) }
                == "*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$3\r\n5-0\r\n$1\r\ne\r\n$2\r\n\u{1}\u{2}\r\n")
    }

    @Test("a sampled entry carries its context in a field of its own")
    func tracedAddition() {
        let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let context = Array(traceparent.utf8).withUnsafeBytes { TraceContext(traceparent: $0) }
        let entry = StreamEntry(id: StreamID(5), payload: [1], trace: context)
        #expect(
            text { $0.add(entry, to: "s") }
                == "*8\r\n$4\r\nXADD\r\n$1\r\ns\r\n$10\r\nNOMKSTREAM\r\n$3\r\n5-0\r\n$1\r\ne\r\n$1\r\n\u{1}\r\n"
                + "$1\r\nt\r\n$55\r\n\(traceparent)\r\n")
        #expect(text { $0.add(entry, to: "s", creating: true) }.hasPrefix("*7\r\n$4\r\nXADD\r\n$1\r\ns\r\n$3\r\n5-0"))
    }

    @Test("the buffer counts the replies that are due and gives a large burst back")
    func counting() {
        var buffer = CommandBuffer()
        buffer.command(["PING"])
        buffer.command("*1\r\n$4\r\nPING\r\n")
        #expect(buffer.commandCount == 2)
        buffer.argument([UInt8](repeating: 0, count: 6 << 20))
        buffer.clear()
        #expect(buffer.commandCount == 0)
        #expect(buffer.bytes.isEmpty)
        #expect(buffer.bytes.capacity < 4 << 20)
    }
}
