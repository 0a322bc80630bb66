package signature

// composedSchemes are the providers that sign what they put together of a request's
// parts: its URL, parameters, fields of a form or of a JSON body, chosen headers.
var composedSchemes = []scheme{
	adyenScheme, snsScheme, snsAlias, contentfulScheme, shopifyProxyScheme, dropboxSignScheme, braintreeScheme,
	plivoScheme, plivoV2Scheme, mercadopagoScheme, sinchApplicationScheme, cloudEventsScheme,
}
