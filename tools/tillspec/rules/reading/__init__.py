"""How the rules of lint read a document: each module one question that many rules ask."""
