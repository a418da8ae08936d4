/// One line of a message's table: a field, its form, and when it has to be there.
struct FieldRule<Field: MessageField>: Sendable {
    enum Need: UInt8, Sendable {
        case required, optional
        /// Required unless the message is part of a snapshot.
        case live
        /// Required unless the status before it in the table says that no bets are taken.
        case whileOpen
    }

    let field: Field
    let form: ValueForm
    let need: Need

    static func required(_ field: Field, _ form: ValueForm) -> FieldRule {
        FieldRule(field: field, form: form, need: .required)
    }

    static func optional(_ field: Field, _ form: ValueForm) -> FieldRule {
        FieldRule(field: field, form: form, need: .optional)
    }

    static func live(_ field: Field, _ form: ValueForm) -> FieldRule {
        FieldRule(field: field, form: form, need: .live)
    }

    static func whileOpen(_ field: Field, _ form: ValueForm) -> FieldRule {
        FieldRule(field: field, form: form, need: .whileOpen)
    }
}

/// The fields of a provider's messages; raw values count from 0.
protocol MessageField: RawRepresentable, CaseIterable, Sendable where RawValue == Int {
    /// The key as the provider writes it.
    var key: String { get }
    /// The field that says whether bets are taken: what `whileOpen` looks at.
    static var status: Self { get }
}
