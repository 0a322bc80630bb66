// Package respond answers senders in the words that they want to hear (SPEC 15 and 17):
// OK as text, TwiML, a page, the buyer sent on to the shop. What became of the request is
// in the field Hookgate-Outcome all the same.
//
//	Compile  what an operator wrote, with every fault at once
//	Pin      the status of an outcome
//	Render   the rest of the answer
//
// What a template prints may be a stranger's: a name that he typed, a key that he made
// up. So it is escaped for what it is a part of, by the answer's content type: HTML and
// XML as HTML, JSON as the inside of a text. Text is text (nosniff says so to browsers),
// and a type in which nothing can be put safely, as a script, has no expressions. HTML
// escaping does not help within a script or an address of a link: pages run no scripts,
// by a policy that they carry, and so does every body that is neither text nor JSON. A location says
// by itself where it leads; what is put into it is encoded. A value of a header that
// holds a control character is not sent.
//
// What does not render, or becomes too large, is no reason to lose the answer: then it is
// hookgate's own.
package respond
