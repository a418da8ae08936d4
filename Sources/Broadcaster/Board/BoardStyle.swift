enum BoardStyle { static let css = ""; static let icon = "" }
