// Package docs is the description of the API as a page that people read: /docs on the
// internal listener (SPEC O9). One call goes this way:
//
//	describe  the description, openapi.yaml, is read: operations by tag, schemas by name
//	render    the page is made of it by one template, once, when somebody first asks
//	answer    the page or its stylesheet, compressed for who takes that
//
// Nothing of it is loaded from elsewhere, and it has no script. It says nothing about
// this gateway but its version, so that it takes no token.
package docs
