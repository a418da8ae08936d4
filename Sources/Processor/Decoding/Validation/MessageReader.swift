import FeedJSON
import FeedModel

/// What the rules of a message depend on beside its own fields.
struct RuleContext {
    var window: TimeWindow
    var isSnapshot = false
    /// The status of odds that do not say theirs.
    var status = OddsStatus.open
}

/// Holds a message's fields against a table of rules and keeps what they say, without allocating.
struct MessageReader<Field: MessageField>: ~Copyable {
    /// A value that passed: text with its length, or a number (decimal × 10⁴, microseconds, code, whole number).
    private struct Passed {
        var start: UnsafeRawPointer?
        var number: Int64
    }

    private var fields: JSONFields
    private let passed: UnsafeMutablePointer<Passed>
    private var present: UInt64 = 0
    private let codes: CodeTables
    private var times = TimeReader()
    /// Decimals with digits beyond 10⁻⁴ since this was last set to 0.
    private(set) var rounded = 0

    init() {
        fields = JSONFields(Field.allCases.map(\.key))
        passed = .allocate(capacity: 64)
        codes = CodeTables()
    }

    deinit { passed.deallocate() }

    /// Collects the fields of a message; none of them has been held against a rule yet.
    @inline(__always)
    mutating func open(_ message: JSONValue) throws(Refusal) {
        present = 0
        rounded = 0
        let duplicate = fields.read(message)
        if duplicate >= 0 { throw .duplicate(Self.key(duplicate)) }
    }

    /// Counts decimals that were rounded in a part of the message that another reader read.
    mutating func countRounded(_ more: Int) { rounded += more }

    /// The value as it was sent; nil when absent or null.
    @inline(__always)
    func raw(_ field: Field) -> JSONValue? { fields.value(field.rawValue) }

    @inline(__always)
    func has(_ field: Field) -> Bool { present & bit(field) != 0 }

    @inline(__always)
    func text(_ field: Field) -> TextView {
        guard has(field) else { return .empty }
        return TextView(start: passed[field.rawValue].start, count: Int(passed[field.rawValue].number))
    }

    @inline(__always)
    func number(_ field: Field) -> Int64? { has(field) ? passed[field.rawValue].number : nil }

    @inline(__always)
    func decimal(_ field: Field) -> FixedDecimal? { number(field).map(FixedDecimal.init(scaled:)) }

    @inline(__always)
    func time(_ field: Field) -> Timestamp? { number(field).map(Timestamp.init(microseconds:)) }

    @inline(__always)
    func code<Code: NamedCode>(_ field: Field, _: Code.Type = Code.self) -> Code? {
        number(field).flatMap { Code(rawValue: UInt8(truncatingIfNeeded: $0)) }
    }

    /// Holds the collected fields against `table`, in order. What fails is thrown with its name and value.
    @inline(__always)
    mutating func check(_ table: borrowing RuleTable<Field>, in context: RuleContext) throws(Refusal) {
        for rule in table.rules {
            if let value = fields.value(rule.field.rawValue) {
                guard let result = read(value, rule.form, context.window) else {
                    throw .bad(rule.field.key, value.text, rule.form.expectation)
                }
                passed[rule.field.rawValue] = result
                present |= bit(rule.field)
            } else if isNeeded(rule, context) {
                throw .missing(rule.field.key)
            }
        }
    }

    @inline(__always)
    private func isNeeded(_ rule: FieldRule<Field>, _ context: RuleContext) -> Bool {
        switch rule.need {
        case .required: true
        case .optional: false
        case .live: !context.isSnapshot
        case .whileOpen: code(.status) ?? context.status == OddsStatus.open
        }
    }

    @inline(__always)
    private mutating func read(_ value: JSONValue, _ form: ValueForm, _ window: TimeWindow) -> Passed? {
        switch form {
        case .id: return ValueReading.id(value).map { Passed(start: $0.baseAddress, number: Int64($0.count)) }
        case .text: return ValueReading.text(value).map { Passed(start: $0.baseAddress, number: Int64($0.count)) }
        case .sequence: return ValueReading.natural(value).map { Passed(number: $0) }
        case .score: return ValueReading.natural(value).flatMap { $0 <= Int32.max ? Passed(number: $0) : nil }
        case .odds: return decimal(value) { ValueForm.oddsRange.contains($0) }
        case .amount: return decimal(value) { $0.scaled >= 0 }
        case .decimal: return decimal(value) { _ in true }
        case .probability: return decimal(value) { $0.scaled >= 0 && $0.scaled <= FixedDecimal.scale }
        case .eventTime: return time(value, upTo: window.latestEvent)
        case .startTime: return time(value, upTo: window.latestStart)
        case .epoch: return passed(TimeReader.epoch(value), upTo: window.latestEvent)
        case .flag: return ValueReading.flag(value).map { Passed(number: $0 ? 1 : 0) }
        case .list:
            if case .array = value.token.pointee.kind { return Passed(number: 0) }
            return nil
        case .fixtureStatus: return code(value, codes.fixtureStatus)
        case .oddsStatus: return code(value, codes.oddsStatus)
        case .settlementResult: return code(value, codes.settlementResult)
        case .betStatus: return code(value, codes.betStatus)
        }
    }

    @inline(__always)
    private mutating func decimal(_ value: JSONValue, _ isAllowed: (FixedDecimal) -> Bool) -> Passed? {
        guard let reading = ValueReading.decimal(value), isAllowed(reading.value) else { return nil }
        if reading.isRounded { rounded += 1 }
        return Passed(number: reading.value.scaled)
    }

    @inline(__always)
    private mutating func time(_ value: JSONValue, upTo latest: Timestamp) -> Passed? {
        passed(times.read(value), upTo: latest)
    }

    @inline(__always)
    private func passed(_ time: Timestamp?, upTo latest: Timestamp) -> Passed? {
        guard let time, time >= ValueForm.earliest, time <= latest else { return nil }
        return Passed(number: time.microseconds)
    }

    @inline(__always)
    private func code(_ value: JSONValue, _ names: borrowing JSONKeyTable) -> Passed? {
        guard value.isText else { return nil }
        let index = names.index(of: value.bytes)
        return index < 0 ? nil : Passed(number: Int64(index) + 1)
    }

    @inline(__always)
    private func bit(_ field: Field) -> UInt64 { 1 << UInt64(truncatingIfNeeded: field.rawValue) }

    private static func key(_ index: Int) -> String { Field(rawValue: index)?.key ?? "?" }
}

/// The names of the closed sets. A name's place is its code − 1: the sets count from 1 without holes.
private struct CodeTables: ~Copyable {
    let fixtureStatus = JSONKeyTable(FixtureStatus.allCases.map(\.name))
    let oddsStatus = JSONKeyTable(OddsStatus.allCases.map(\.name))
    let settlementResult = JSONKeyTable(SettlementResult.allCases.map(\.name))
    let betStatus = JSONKeyTable(BetStatus.allCases.map(\.name))
}
