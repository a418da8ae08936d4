enum BoardPage { static let html = ""; static let icon = "" }
